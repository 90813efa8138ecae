//! Paths of files as URIs and back.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

/// The path that a URI names. A URI of another scheme than `file` stands for itself.
pub fn to_path(uri: &Uri) -> PathBuf {
    let Some(rest) = uri.0.strip_prefix("file://") else {
        return PathBuf::from(&uri.0);
    };
    // What stands before the first slash is a host.
    let path = rest.find('/').map_or(rest, |slash| &rest[slash..]);
    let path = decode(path);
    let is_drive =
        matches!(path.as_bytes(), [b'/', letter, b':', ..] if letter.is_ascii_alphabetic());
    PathBuf::from(if is_drive { &path[1..] } else { &path })
}

/// The URI of a path.
pub fn from_path(path: &Path) -> Uri {
    let text = path.to_string_lossy();
    if !path.is_absolute() {
        return Uri(text.into_owned());
    }
    let mut uri = String::from("file://");
    if !text.starts_with('/') {
        uri.push('/');
    }
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte as char);
            }
            b'\\' => uri.push('/'),
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    Uri(uri)
}

/// Takes `%20` and the like for the bytes they stand for.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for path in [
            "/a/b.sheaf",
            "/a b/ü%.sheaf",
            "/a/%20.sheaf",
            "/a#b?c.sheaf",
        ] {
            let uri = from_path(Path::new(path));
            assert!(uri.0.starts_with("file:///"), "{uri}");
            assert_eq!(to_path(&uri), Path::new(path), "{uri}");
        }
        let other = Uri::from("untitled:Untitled-1");
        assert_eq!(from_path(&to_path(&other)), other);
        let encoded = Uri::from("file:///a/%c3%bc.sheaf");
        assert_eq!(to_path(&encoded), Path::new("/a/ü.sheaf"));
    }
}
