//! The few calls of S3 and IAM by which the harness makes buckets and users.
//!
//! Not the clients that the tests use: what is tested must not prepare its own test.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use catalyst_core::http::{HttpClient, HttpConfig, Method, Request};
use catalyst_core::{Clock, Error, ErrorKind, Result};
use time::OffsetDateTime;
use time::macros::format_description;
use url::Url;
use url::form_urlencoded::Serializer;

use super::SeaweedServer;

const OPERATION: &str = "configure SeaweedFS";
const REGION: &str = "us-east-1";

impl SeaweedServer {
    /// Makes a bucket.
    ///
    /// # Errors
    /// [`ErrorKind::Other`] with what the server said.
    ///
    /// # Cancel safety
    /// It may or may not be there.
    pub async fn make_bucket(&self, name: &str) -> Result<()> {
        self.send(Method::Put, &format!("/{name}"), "s3", String::new()).await.map(drop)
    }

    /// Makes a user that may do everything within `bucket`; returns its access key and its secret key.
    ///
    /// # Errors
    /// As [`Self::make_bucket`].
    ///
    /// # Cancel safety
    /// It may or may not be there.
    pub async fn make_user(&self, name: &str, bucket: &str) -> Result<(String, String)> {
        let policy = serde_json::json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": ["s3:*"],
            "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        }] });
        self.iam(&[("Action", "CreateUser"), ("UserName", name)]).await?;
        let policy = policy.to_string();
        let allow = ("PolicyDocument", policy.as_str());
        self.iam(&[("Action", "PutUserPolicy"), ("UserName", name), ("PolicyName", "all"), allow]).await?;
        let answer = self.iam(&[("Action", "CreateAccessKey"), ("UserName", name)]).await?;
        let within = |tag: &str| {
            let (_, rest) = answer.split_once(&format!("<{tag}>"))?;
            rest.split_once('<').map(|(value, _)| value.to_owned())
        };
        within("AccessKeyId").zip(within("SecretAccessKey")).ok_or_else(|| {
            Error::new(ErrorKind::Decode, OPERATION).with_help("the answer lacks the keys that were promised")
        })
    }

    /// Takes an access key from a user.
    ///
    /// # Errors
    /// As [`Self::make_bucket`].
    ///
    /// # Cancel safety
    /// It may or may not be gone.
    pub async fn delete_key(&self, user: &str, access_key: &str) -> Result<()> {
        let key = ("AccessKeyId", access_key);
        self.iam(&[("Action", "DeleteAccessKey"), ("UserName", user), key]).await.map(drop)
    }

    async fn iam(&self, form: &[(&str, &str)]) -> Result<String> {
        let body =
            Serializer::new(String::new()).extend_pairs(form).append_pair("Version", "2010-05-08").finish();
        self.send(Method::Post, "/", "iam", body).await
    }

    /// Signs by AWS's Signature Version 4.
    async fn send(&self, method: Method, path: &str, service: &str, body: String) -> Result<String> {
        let fail = |error: url::ParseError| Error::new(ErrorKind::Config, OPERATION).with_source(error);
        let url = Url::parse(&format!("{}{path}", self.address())).map_err(fail)?;
        let host = format!("{}:{}", url.host_str().unwrap_or_default(), url.port().unwrap_or_default());
        let now = OffsetDateTime::from(Clock::system().now());
        let stamp = format_description!("[year][month][day]T[hour][minute][second]Z");
        let stamp = now.format(stamp).unwrap_or_default();
        let (date, payload) = (&stamp[..8], hex(digest(&SHA256, body.as_bytes()).as_ref()));

        let names = "host;x-amz-content-sha256;x-amz-date";
        let headers = format!("host:{host}\nx-amz-content-sha256:{payload}\nx-amz-date:{stamp}\n");
        let canonical = format!("{}\n{path}\n\n{headers}\n{names}\n{payload}", method.as_str());
        let scope = format!("{date}/{REGION}/{service}/aws4_request");
        let hash = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
        let (access_key, secret_key) = Self::ADMIN;
        let mut key = format!("AWS4{secret_key}").into_bytes();
        for part in [date, REGION, service, "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex(&mac(&key, &format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hash}")));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        );

        let request = Request::new(method, url, OPERATION)
            .bytes("application/x-www-form-urlencoded", body.into_bytes().into())
            .header("x-amz-date", &stamp)?
            .header("x-amz-content-sha256", &payload)?
            .header("authorization", &authorization)?;
        let response = HttpClient::new(HttpConfig::new("seaweedfs"))?.send(request).await?;
        let text = String::from_utf8_lossy(response.body()).into_owned();
        if response.is_success() {
            return Ok(text);
        }
        let said =
            Error::new(ErrorKind::Other, OPERATION).with_service("seaweedfs").with_server_message(&text);
        Err(said.with_status(response.status()))
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    sign(&Key::new(HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}
