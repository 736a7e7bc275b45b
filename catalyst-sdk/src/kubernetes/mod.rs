//! What a bring-up of OpenBao needs from Kubernetes: its seed, out of a Secret.

mod seed;

pub use seed::KubernetesSeed;
