//! Compressed files, known by their first bytes and not by their names.

use std::io::{self, Cursor, Read};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The text of an input that may be plain, gzip (any number of members) or zstd (any number of
/// frames).
///
/// # Errors
/// The first bytes cannot be read.
pub fn open(mut input: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut magic = [0; 4];
    let mut known = 0;
    while known < magic.len() {
        match input.read(&mut magic[known..]) {
            Ok(0) => break,
            Ok(n) => known += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let magic = magic[..known].to_vec();
    let gzip = magic.starts_with(GZIP);
    let zstd = magic.starts_with(ZSTD);
    let whole = Cursor::new(magic).chain(input);
    Ok(if gzip {
        Box::new(flate2::read::MultiGzDecoder::new(whole))
    } else if zstd {
        Box::new(zstd::Decoder::new(whole)?)
    } else {
        Box::new(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write;

    fn read(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        open(Box::new(Cursor::new(bytes)))?.read_to_end(&mut out)?;
        Ok(out)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_packing_of_a_text() {
        let text = b"a,b\n1,2\n".repeat(1000);
        let two = [gzip(&text), gzip(&text)].concat();
        assert_eq!(read(two).unwrap(), text.repeat(2));
        let frame = zstd::encode_all(&text[..], 1).unwrap();
        let two = [frame.clone(), frame].concat();
        assert_eq!(read(two).unwrap(), text.repeat(2));
        for short in [&b""[..], b"a", b"a,b"] {
            assert_eq!(read(short.to_vec()).unwrap(), short);
        }
    }

    #[test]
    fn a_torn_file_is_an_error() {
        let text = b"a,b\n1,2\n".repeat(1000);
        let torn = gzip(&text);
        assert!(read(torn[..torn.len() - 9].to_vec()).is_err());
        let torn = zstd::encode_all(&text[..], 1).unwrap();
        assert!(read(torn[..torn.len() - 9].to_vec()).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = read(bytes.clone());
            let _ = read([GZIP, &bytes].concat());
            let _ = read([ZSTD, &bytes].concat());
        }
    }
}
