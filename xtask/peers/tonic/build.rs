//! The service in tonic's own words, so that no protoc is needed.

use tonic_build::manual::{Builder, Method, Service};

fn main() {
    let method = |name: &str, route: &str, input: &str| {
        Method::builder()
            .name(name)
            .route_name(route)
            .input_type(input)
            .output_type("crate::Empty")
            .codec_path("tonic_prost::ProstCodec")
    };
    let service = Service::builder()
        .name("Net")
        .package("load")
        .method(method("mac", "Mac", "crate::Empty").build())
        .method(method("single", "Single", "crate::Frames").build())
        .method(
            method("write", "Write", "crate::Frames")
                .client_streaming()
                .build(),
        )
        .build();
    Builder::new().compile(&[service]);
}
