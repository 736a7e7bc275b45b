//! The store of each token's own.

use catalyst_core::ErrorKind;

use super::{done, fresh, refused};
use crate::{Cubbyhole, OpenBao, Secret, SecretData, SecretPath};

/// All checks, one after the other. `others` has another token; both may use their cubbyholes.
pub async fn all(bao: &OpenBao, others: &OpenBao) {
    what_is_kept_comes_back(&bao.cubbyhole()).await;
    nobody_else_sees_it(&bao.cubbyhole(), &others.cubbyhole()).await;
}

fn path(name: &str) -> SecretPath {
    done(name.parse(), "a path for the contract")
}

/// Until it is replaced or deleted.
pub async fn what_is_kept_comes_back(cubbyhole: &Cubbyhole) {
    let folder = fresh("cubbyhole");
    let (one, two) = (path(&format!("{folder}/one")), path(&format!("{folder}/deeper/two")));
    let mut data = SecretData::from([("password", "kept"), ("user", "ada")]);
    done(data.insert_json("number", "7"), "a number");
    done(cubbyhole.write(&one, &data).await, "write");
    assert_eq!(done(cubbyhole.read(&one).await, "read"), data);
    let less = SecretData::from([("user", "bob")]);
    done(cubbyhole.write(&one, &less).await, "replace");
    assert_eq!(done(cubbyhole.read(&one).await, "read"), less);
    done(cubbyhole.write(&two, &less).await, "write deeper");
    assert_eq!(done(cubbyhole.list(Some(&path(&folder))).await, "list"), ["deeper/", "one"]);
    assert!(done(cubbyhole.list(None).await, "list all").contains(&"contract/".to_owned()));
    let nothing = cubbyhole.write(&one, &SecretData::new()).await;
    refused(nothing, ErrorKind::InvalidRequest, "invalid_request");
    for path in [&one, &two, &one] {
        done(cubbyhole.delete(path).await, "delete");
    }
    refused(cubbyhole.read(&one).await, ErrorKind::NotFound, "secret_not_found");
    assert!(done(cubbyhole.list(Some(&path(&folder))).await, "list").is_empty());
}

/// Each token has its own.
pub async fn nobody_else_sees_it(cubbyhole: &Cubbyhole, others: &Cubbyhole) {
    let path = path(&fresh("cubbyhole"));
    done(cubbyhole.write(&path, &SecretData::from([("password", "kept")])).await, "write");
    refused(others.read(&path).await, ErrorKind::NotFound, "secret_not_found");
    done(others.write(&path, &SecretData::from([("password", "other")])).await, "write beside");
    let kept = done(cubbyhole.read(&path).await, "read");
    assert_eq!(kept.get("password").map(Secret::expose), Some("kept"));
    for cubbyhole in [cubbyhole, others] {
        done(cubbyhole.delete(&path).await, "delete");
    }
}
