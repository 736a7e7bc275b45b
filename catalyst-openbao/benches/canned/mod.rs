//! A server that gives recorded answers, in a process of its own, so that what it allocates is not counted.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::{env, thread};

/// The argument that makes this binary the server.
const SERVE: &str = "--serve-recorded-answers";
const LARGEST_REQUEST: u64 = 64 << 10;

/// As OpenBao 2.7 answers a read of a secret with three values.
const SECRET: &str = r#"{"request_id":"2d3f08de-bd17-6353-1a7c-def4b34e4262","lease_id":"","renewable":false,"lease_duration":0,"data":{"data":{"host":"db.internal:5432","password":"nJ1-0vXk7Zs9qWmLr4Tu","user":"orders"},"metadata":{"created_time":"2026-11-22T03:18:14.84071305Z","custom_metadata":null,"deletion_time":"","destroyed":false,"version":3}},"wrap_info":null,"warnings":null,"auth":null}
"#;
/// As it answers a signature by Ed25519.
const SIGNATURE: &str = r#"{"request_id":"5920fe05-fe69-9cad-7ae1-0952fdccf1eb","lease_id":"","renewable":false,"lease_duration":0,"data":{"key_version":1,"signature":"vault:v1:m/nGWBbaRhV2pgOnpAajJqtbDQsunjTjH2eS/lKM6KrE2d1a9jwNwpvEXpkIaq7sBfx3JakOjUO+Fw5Rc7XlCQ=="},"wrap_info":null,"warnings":null,"auth":null}
"#;
/// As it describes a root token, shortened.
const TOKEN: &str = r#"{"request_id":"6f1b0c52-8f0e-9a3f-2c53-0f6a4b0f9d11","lease_id":"","renewable":false,"lease_duration":0,"data":{"creation_ttl":0,"expire_time":null,"id":"root","num_uses":0,"orphan":true,"path":"auth/token/root","policies":["root"],"renewable":false,"ttl":0,"type":"service"},"wrap_info":null,"warnings":null,"auth":null}
"#;

/// Serves until the parent process is gone, if this process was started for that.
pub(crate) fn serve_if_asked() -> bool {
    let asked = env::args().any(|argument| argument == SERVE);
    if asked {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for connection in listener.incoming() {
                thread::spawn(move || answer(&connection.unwrap()));
            }
        });
        io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
    }
    asked
}

/// Answers the requests of one connection until it is closed.
fn answer(mut connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut requests = BufReader::new(connection);
    loop {
        let body = match read_request(&mut requests)? {
            asked if asked.contains("/lookup-self ") => TOKEN,
            asked if asked.contains("/sign/") => SIGNATURE,
            _ => SECRET,
        };
        let answer = format!(
            "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Type: application/json\r\n\
             Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\
             Date: Sun, 22 Nov 2026 03:18:14 GMT\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        connection.write_all(answer.as_bytes())?;
    }
}

/// Reads one request with its body; returns its first line.
fn read_request(requests: &mut BufReader<&TcpStream>) -> io::Result<String> {
    let mut lines = requests.by_ref().take(LARGEST_REQUEST);
    let (mut first, mut line, mut body) = (String::new(), String::new(), 0);
    lines.read_line(&mut first)?;
    while lines.read_line(&mut line)? > 2 {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            body = value.trim().parse().map_err(|_bad| io::ErrorKind::InvalidData)?;
        }
        line.clear();
    }
    io::copy(&mut lines.take(body), &mut io::sink())?;
    if line.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(first) }
}

/// The server as its parent holds it.
pub(crate) struct Canned {
    pub(crate) address: String,
    child: Child,
}

impl Canned {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .arg(SERVE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { address: address.trim_end().to_owned(), child }
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        // The end of its input ends it.
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}
