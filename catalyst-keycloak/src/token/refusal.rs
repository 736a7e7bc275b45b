//! Why a token is refused: the one list of codes.

use catalyst_core::{Error, ErrorKind};

/// A reason, before it becomes an error. Never holds a part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Malformed(&'static str),
    Algorithm,
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYetValid(&'static str),
    LivesTooLong,
    Type(&'static str),
    Client,
    Nonce,
    AccessTokenHash,
    /// A bound token without the proof that it asks for.
    ProofRequired,
    /// A proof for a token that is bound to nothing.
    Unbound,
    Certificate,
    DpopProof(&'static str),
    DpopNonce,
    Replayed,
    ReplayMemoryFull,
}

impl Refusal {
    /// Stable words, for callers and metrics.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "token_malformed",
            Self::Algorithm => "algorithm_refused",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "bad_signature",
            Self::Issuer => "wrong_issuer",
            Self::Audience => "wrong_audience",
            Self::Expired => "token_expired",
            Self::NotYetValid(_) => "token_not_yet_valid",
            Self::LivesTooLong => "token_lives_too_long",
            Self::Type(_) => "wrong_token_type",
            Self::Client => "wrong_client",
            Self::Nonce => "wrong_nonce",
            Self::AccessTokenHash => "wrong_access_token",
            Self::ProofRequired => "proof_required",
            Self::Unbound => "unbound_token",
            Self::Certificate => "wrong_certificate",
            Self::DpopProof(_) => "invalid_dpop_proof",
            Self::DpopNonce => "use_dpop_nonce",
            Self::Replayed => "replayed",
            Self::ReplayMemoryFull => "replay_memory_full",
        }
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::Expired => ErrorKind::Expired,
            Self::ReplayMemoryFull => ErrorKind::Unavailable,
            _ => ErrorKind::Unauthenticated,
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Malformed(why) | Self::NotYetValid(why) | Self::Type(why) | Self::DpopProof(why) => why,
            Self::Algorithm => "it is signed with an algorithm that is not allowed here",
            Self::UnknownKey => "its key is none of the issuer's",
            Self::Signature => "the signature is not one of the issuer's key",
            Self::Issuer => "it is of another issuer; iss is compared exactly",
            Self::Audience => "it is not meant for this service: give the client an audience mapper for it",
            Self::Expired => "it has expired",
            Self::LivesTooLong => "it lives longer than is allowed here",
            Self::Client => "it was issued to a client that is not allowed here (azp)",
            Self::Nonce => "its nonce is not the one of this login",
            Self::AccessTokenHash => "it does not belong to this access token (at_hash)",
            Self::ProofRequired => "it is bound to a key (cnf), and the proof of that key was not given",
            Self::Unbound => "it is not bound to a key of this kind (cnf)",
            Self::Certificate => "it is bound to another certificate (cnf.x5t#S256)",
            Self::DpopNonce => "the proof needs the nonce of the DPoP-Nonce header",
            Self::Replayed => "it was used before",
            Self::ReplayMemoryFull => "too many proofs at once: the memory of used ones is full",
        }
    }
}

impl From<Refusal> for Error {
    #[cold]
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.kind(), "verify a token").with_code(refusal.code()).with_help(refusal.help())
    }
}
