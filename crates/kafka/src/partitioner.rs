/// The partition that a key goes to among `partitions`, as Java clients and `murmur2_random` compute it. 0 if there
/// are no partitions.
///
/// Kafka calls the hash murmur2 with a seed of its own and clears the sign bit of the result
/// (`org.apache.kafka.common.utils.Utils.murmur2`, `toPositive`).
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    let positive = murmur2::murmur2(key, murmur2::KAFKA_SEED) & 0x7fff_ffff;
    positive.checked_rem(partitions).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_hash_as_in_the_java_client() {
        // The values stand in Kafka's own UtilsTest.testMurmur2.
        let known: [(&[u8], i32); 6] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            (b"abc", 479_470_107),
        ];
        for (key, hash) in known {
            let positive = (hash as u32) & 0x7fff_ffff;
            assert_eq!(partition_of(key, u32::MAX), positive, "{}", String::from_utf8_lossy(key));
            assert_eq!(partition_of(key, 12), positive % 12);
        }
        assert_eq!(partition_of(b"abc", 0), 0);
    }
}
