//! `docs/metrics.md` says what the code says.

use std::path::Path;

#[test]
fn the_page_of_metrics_is_what_the_code_declares() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let page = braid_runtime::metrics::markdown();
    if std::env::var_os("BRAID_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().expect("it is in docs")).expect("docs can be made");
        std::fs::write(&path, &page).expect("docs/metrics.md can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/metrics.md is stale. Make it again with: BRAID_BLESS=1 cargo test -p braid-runtime --test metrics_doc"
    );
}
