//! What `render` can be told, for which platform, and what it takes when it is told nothing.

use super::names;
use super::platform::Platform;
use crate::cli::failure::Failure;

#[derive(clap::Args)]
pub(super) struct Options {
    /// The name of the filter or resource, by which the alerts know it while it has `eec_authn` (`eec-authn`) in it; default: just that,
    /// with `-` in Kubernetes.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// Envoy: a file for extension configuration discovery, instead of an entry of `http_filters`.
    #[arg(long)]
    pub(super) ecds: bool,
    /// Envoy: where the module is; default: /etc/envoy/eec_authn.wasm.
    #[arg(long, value_name = "PATH", value_parser = names::path)]
    pub(super) wasm: Option<String>,
    /// Envoy: another text than last time makes a new VM, which reads Envoy's environment anew.
    #[arg(long, value_name = "TEXT")]
    pub(super) revision: Option<String>,
    /// Istio and Envoy Gateway: the image with the module.
    #[arg(long, value_name = "URL", value_parser = names::image)]
    pub(super) image: Option<String>,
    /// Istio and Envoy Gateway: the digest of the image (dist/oci.sha256), not that of the module.
    #[arg(long, value_name = "HEX", value_parser = names::sha256)]
    pub(super) sha256: Option<String>,
    /// Istio and Envoy Gateway: the Secret with the registry's credentials, in the same namespace.
    #[arg(long, value_name = "SECRET", value_parser = names::subdomain)]
    pub(super) pull_secret: Option<String>,
    /// Istio and Envoy Gateway: the namespace; default: edge.
    #[arg(long, value_parser = names::label_name)]
    pub(super) namespace: Option<String>,
    /// Istio: the label of the pods as KEY=VALUE, or the value of `app`; default: ees. Envoy Gateway: the name of the
    /// Gateway; default: edge.
    #[arg(long)]
    pub(super) target: Option<String>,
    /// Istio: only what comes in at this port of the pod, as long as a Service names it; without, everything that comes in.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) port: Option<u16>,
    /// Istio: a TrafficExtension, the successor of WasmPlugin from 1.30 on.
    #[arg(long)]
    pub(super) traffic_extension: bool,
}

impl Options {
    /// Whether each of them means something for `platform`: what it would not heed is a mistake.
    pub(super) fn fit(&self, platform: Platform) -> Result<(), Failure> {
        use Platform::{Envoy, EnvoyGateway, Istio};
        let in_kubernetes: &[Platform] = &[Istio, EnvoyGateway];
        let options: [(&str, bool, &[Platform]); 10] = [
            ("--ecds", self.ecds, &[Envoy]),
            ("--wasm", self.wasm.is_some(), &[Envoy]),
            ("--revision", self.revision.is_some(), &[Envoy]),
            ("--image", self.image.is_some(), in_kubernetes),
            ("--sha256", self.sha256.is_some(), in_kubernetes),
            ("--pull-secret", self.pull_secret.is_some(), in_kubernetes),
            ("--namespace", self.namespace.is_some(), in_kubernetes),
            ("--target", self.target.is_some(), in_kubernetes),
            ("--port", self.port.is_some(), &[Istio]),
            ("--traffic-extension", self.traffic_extension, &[Istio]),
        ];
        let lost = options.iter().find(|(_, given, theirs)| *given && !theirs.contains(&platform));
        if let Some((option, _, theirs)) = lost {
            let theirs: Vec<String> = theirs.iter().map(|theirs| format!("`{}`", theirs.word())).collect();
            let (this, theirs) = (platform.word(), theirs.join(" and "));
            return Err(Failure::new(format!(
                "{option} means nothing for `render {this}`; it is for {theirs}"
            )));
        }
        let name = self.name.as_deref().map(match platform {
            Envoy => names::filter,
            Istio | EnvoyGateway => names::subdomain,
        });
        let target = self.target.as_deref().map(|target| match platform {
            Istio => names::label(target).map(drop),
            Envoy | EnvoyGateway => names::subdomain(target).map(drop),
        });
        let said = |option, value: &Option<String>, fault: String| {
            Failure::new(format!("{option}: `{}` {fault}", value.as_deref().unwrap_or_default()))
        };
        name.transpose().map_err(|fault| said("--name", &self.name, fault))?;
        target.transpose().map_err(|fault| said("--target", &self.target, fault))?;
        Ok(())
    }

    pub(super) fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("edge")
    }

    /// The name of a resource in Kubernetes.
    pub(super) fn resource(&self) -> &str {
        self.name.as_deref().unwrap_or("eec-authn")
    }

    /// Whether an image is named and no digest, neither by the option nor in the image's name.
    pub(super) fn names_a_tag(&self) -> bool {
        self.sha256.is_none() && self.image.as_ref().is_some_and(|image| !image.contains("@sha256:"))
    }

    /// The image, without `oci://`.
    pub(super) fn image(&self) -> &str {
        self.image
            .as_deref()
            .unwrap_or(concat!("registry.example.net/edge/eec-authn:", env!("CARGO_PKG_VERSION")))
    }
}
