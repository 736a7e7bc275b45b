//! Where an application runs, turned into records that mean it.
