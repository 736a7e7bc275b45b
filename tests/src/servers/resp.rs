//! The few words of Valkey's protocol by which the harness asks a server.
//!
//! Not the driver that the SDK uses: what is tested must not judge its own test.

use std::io::{Error, ErrorKind, Result};
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No answer that the harness asks for is longer.
const LONGEST: usize = 1 << 20;

/// What a Valkey answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Text or a number.
    Text(String),
    /// Nothing.
    Nil,
    /// A refusal, in the server's words.
    Refused(String),
    /// Several answers.
    List(Vec<Reply>),
}

impl Reply {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The texts of a list.
    pub fn texts(&self) -> Vec<&str> {
        if let Self::List(list) = self { list.iter().filter_map(Self::text).collect() } else { Vec::new() }
    }
}

/// One connection, logged in.
pub(super) struct Resp(BufReader<TcpStream>);

impl Resp {
    /// Connects to `port` on loopback and logs in.
    pub(super) async fn log_in(port: u16, user: &str, password: &str) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut connection = Self(BufReader::new(TcpStream::connect(address).await?));
        match connection.ask(&["AUTH", user, password]).await? {
            Reply::Refused(why) => Err(Error::new(ErrorKind::PermissionDenied, why)),
            _ => Ok(connection),
        }
    }

    /// Sends one command and reads its answer.
    pub(super) async fn ask(&mut self, words: &[&str]) -> Result<Reply> {
        let words = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
        let text = format!("*{}\r\n", words.len()) + &words.collect::<String>();
        self.0.get_mut().write_all(text.as_bytes()).await?;
        self.reply().await
    }

    async fn reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let strange = || Error::new(ErrorKind::InvalidData, "not an answer of Valkey");
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or_else(strange)?;
        let length = || rest.parse::<usize>().ok().filter(|length| *length <= LONGEST).ok_or_else(strange);
        match kind {
            "+" | ":" => Ok(Reply::Text(rest.to_owned())),
            "-" => Ok(Reply::Refused(rest.to_owned())),
            "$" | "*" if rest == "-1" => Ok(Reply::Nil),
            "$" => {
                let mut text = vec![0; length()? + 2];
                self.0.read_exact(&mut text).await?;
                text.truncate(text.len() - 2);
                Ok(Reply::Text(String::from_utf8_lossy(&text).into_owned()))
            }
            "*" => {
                let mut list = Vec::new();
                for _ in 0..length()? {
                    list.push(Box::pin(self.reply()).await?);
                }
                Ok(Reply::List(list))
            }
            _ => Err(strange()),
        }
    }
}
