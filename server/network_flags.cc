#include "server/network_flags.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "server/access/client_address.h"
#include "server/access/host_check.h"
#include "server/flag_checks.h"
#include "server/http/http_server.h"
#include "server/net/listen_address.h"
#include "server/system/system.h"
#include "server/tls/tls_acceptor.h"
#include "server/tls/tls_options.h"

// Each help text is one or two sentences with the unit; --help adds the
// default.
ABSL_FLAG(
    std::vector<std::string>, listen, {},
    "Addresses to listen on, separated by commas: HOST, HOST:PORT, "
    "[IPV6]:PORT or unix:PATH, each with http:// or https:// before it or "
    "not; 0.0.0.0 or :: for every address of the machine. Empty: the "
    "sockets that systemd hands over, else 127.0.0.1.");
ABSL_FLAG(int, port, 8880,
          "TCP port of addresses without one. 0 chooses a free port, which the "
          "greeting and the log name.");
ABSL_FLAG(std::string, unix_socket_mode, "0660",
          "Mode of the files of Unix sockets, in octal: who may connect.");
ABSL_FLAG(std::string, tls_cert, "",
          "PEM file with the server's certificate and those that lead to its "
          "root. Addresses without http:// speak TLS then. SIGHUP reads the "
          "file again. Empty, and so --tls_key: tls.crt, tls.key and "
          "client-ca.crt of $CREDENTIALS_DIRECTORY, if it has them.");
ABSL_FLAG(std::string, tls_key, "",
          "PEM file with the private key of --tls_cert, without a passphrase.");
ABSL_FLAG(
    std::string, tls_client_ca, "",
    "PEM file with the authorities of client certificates. If it is given, "
    "no TLS connection is accepted without such a certificate; requests "
    "need a token all the same.");
ABSL_FLAG(absl::Duration, hsts_max_age, absl::Hours(180 * 24),
          "How long browsers that came over TLS use only TLS for this name "
          "(Strict-Transport-Security). 0 omits the header.");
ABSL_FLAG(std::string, trusted_proxies, "",
          "Addresses of proxies whose Forwarded, X-Forwarded-For and "
          "X-Forwarded-Proto are believed: comma-separated addresses and "
          "prefixes such as 10.0.0.0/8; `unix` for peers of Unix sockets.");
ABSL_FLAG(std::string, allowed_hosts, "",
          "Names in the Host header that are served, besides IP addresses, "
          "localhost, this machine's name and those of --listen: "
          "comma-separated; .example.com for all names below it, * for all.");
ABSL_FLAG(int64_t, max_connections, 10000,
          "Largest number of connections. A further one closes the connection "
          "that has waited longest for a request, or gets 503.");
ABSL_FLAG(int64_t, max_connections_per_address, 1000,
          "Largest number of connections of one address (of an IPv6 /64), so "
          "that no client takes all; further ones get 429. 0: no limit. "
          "Loopback, Unix sockets and trusted proxies have none.");
ABSL_FLAG(int64_t, max_body_bytes, int64_t{1} << 20,
          "Largest body of a request, in bytes; a larger one is answered with "
          "413.");
ABSL_FLAG(int64_t, max_body_memory, int64_t{64} << 20,
          "Bytes of the bodies of all connections together, so that many "
          "clients do not take all memory; a request above it gets 503.");
ABSL_FLAG(absl::Duration, head_timeout, absl::Seconds(10),
          "Longest time for a TLS handshake, and for the request line and "
          "headers of a request; then it gets 408.");
ABSL_FLAG(absl::Duration, io_timeout, absl::Seconds(10),
          "Longest time for a body, and for a client to take an answer, each "
          "plus the time that its size takes at --min_bytes_per_second.");
ABSL_FLAG(int64_t, min_bytes_per_second, 4096,
          "Least rate at which clients send bodies and take answers.");
ABSL_FLAG(absl::Duration, keep_alive_timeout, absl::Seconds(30),
          "Close a connection without a request for this long.");

namespace tallyman::server {
namespace {

absl::Status CheckFlags() {
  for (const absl::Status& status :
       {CheckRange("port", absl::GetFlag(FLAGS_port), 0, 65535),
        CheckRange("max_connections", absl::GetFlag(FLAGS_max_connections), 1,
                   1000000),
        CheckRange("max_connections_per_address",
                   absl::GetFlag(FLAGS_max_connections_per_address), 0,
                   1000000),
        CheckRange("max_body_bytes", absl::GetFlag(FLAGS_max_body_bytes), 1,
                   int64_t{1} << 30),
        CheckRange("max_body_memory", absl::GetFlag(FLAGS_max_body_memory),
                   absl::GetFlag(FLAGS_max_body_bytes), int64_t{1} << 40),
        CheckRange("min_bytes_per_second",
                   absl::GetFlag(FLAGS_min_bytes_per_second), 1,
                   int64_t{1} << 40),
        CheckDuration("head_timeout", absl::GetFlag(FLAGS_head_timeout)),
        CheckDuration("io_timeout", absl::GetFlag(FLAGS_io_timeout)),
        CheckDuration("keep_alive_timeout",
                      absl::GetFlag(FLAGS_keep_alive_timeout))}) {
    if (!status.ok()) return status;
  }
  if (absl::GetFlag(FLAGS_hsts_max_age) < absl::ZeroDuration()) {
    return InvalidFlag("hsts_max_age", "the time is negative");
  }
  return absl::OkStatus();
}

// Those that systemd hands over: LoadCredential= of systemd.exec(5).
absl::StatusOr<std::optional<TlsOptions>> TlsFromCredentials() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the process has one thread.
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory == '\0') return std::nullopt;
  // "" if there is no such file.
  const auto find = [&](std::string_view name) {
    std::string path = absl::StrCat(directory, "/", name);
    std::error_code error;
    return std::filesystem::exists(path, error) ? path : std::string();
  };
  TlsOptions options = {.cert_file = find("tls.crt"),
                        .key_file = find("tls.key"),
                        .client_ca_file = find("client-ca.crt")};
  if (options.cert_file.empty() != options.key_file.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("CREDENTIALS_DIRECTORY=", directory, " has no ",
                     options.cert_file.empty() ? "tls.crt" : "tls.key",
                     ": a certificate and its key belong together"));
  }
  if (options.cert_file.empty()) return std::nullopt;
  if (absl::Status supported = CheckTls(); !supported.ok()) return supported;
  return options;
}

absl::StatusOr<std::optional<TlsOptions>> TlsFromFlags() {
  const std::string cert = absl::GetFlag(FLAGS_tls_cert);
  const std::string key = absl::GetFlag(FLAGS_tls_key);
  const std::string client_ca = absl::GetFlag(FLAGS_tls_client_ca);
  if (!cert.empty() || !key.empty() || !client_ca.empty()) {
    if (absl::Status supported = CheckTls(); !supported.ok()) {
      return InvalidFlag(!cert.empty()  ? "tls_cert"
                         : !key.empty() ? "tls_key"
                                        : "tls_client_ca",
                         supported.message());
    }
  }
  if (cert.empty() != key.empty()) {
    return InvalidFlag(cert.empty() ? "tls_cert" : "tls_key",
                       "is missing: a certificate and its key belong together");
  }
  if (!cert.empty()) {
    return TlsOptions{
        .cert_file = cert, .key_file = key, .client_ca_file = client_ca};
  }
  absl::StatusOr<std::optional<TlsOptions>> credentials = TlsFromCredentials();
  if (!credentials.ok() || client_ca.empty()) return credentials;
  if (!credentials->has_value()) {
    return InvalidFlag("tls_client_ca", "needs --tls_cert and --tls_key");
  }
  (*credentials)->client_ca_file = client_ca;
  return credentials;
}

absl::StatusOr<uint32_t> UnixSocketMode() {
  const std::string text = absl::GetFlag(FLAGS_unix_socket_mode);
  uint32_t mode = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '7') mode = 01000;
    mode = mode * 8 + static_cast<uint32_t>(digit - '0');
    if (mode > 0777) break;
  }
  if (text.empty() || mode > 0777) {
    return InvalidFlag("unix_socket_mode",
                       absl::StrCat("\"", text, "\" is not from 0 to 0777"));
  }
  return mode;
}

// Sets whether the address speaks TLS, if the flag does not say.
absl::StatusOr<ListenAddress> ParseListen(std::string_view item, bool has_tls) {
  absl::StatusOr<ListenAddress> address =
      ParseListenAddress(item, absl::GetFlag(FLAGS_port));
  if (!address.ok()) return InvalidFlag("listen", address.status().message());
  if (!address->tls) {
    address->tls = has_tls && address->kind == ListenAddress::Kind::kTcp;
  }
  if (*address->tls && !has_tls) {
    return InvalidFlag("listen", absl::StrCat("\"", item,
                                              "\" needs --tls_cert and "
                                              "--tls_key"));
  }
  return address;
}

std::vector<std::string> OwnNames(const std::vector<ListenAddress>& listen) {
  std::vector<std::string> names;
  names.reserve(listen.size() + 1);
  for (const ListenAddress& address : listen) names.push_back(address.host);
  if (std::string name = HostName(); !name.empty()) {
    names.push_back(std::move(name));
  }
  return names;
}

HttpServer::Options HttpFromFlags(const TrustedProxies& proxies) {
  const auto size = [](int64_t value) { return static_cast<size_t>(value); };
  HttpServer::Options options;
  options.connection = {
      .max_body_bytes = size(absl::GetFlag(FLAGS_max_body_bytes)),
      .head_timeout = absl::GetFlag(FLAGS_head_timeout),
      .io_timeout = absl::GetFlag(FLAGS_io_timeout),
      .min_bytes_per_second = size(absl::GetFlag(FLAGS_min_bytes_per_second)),
      .idle_timeout = absl::GetFlag(FLAGS_keep_alive_timeout)};
  options.limits = {.max_connections = absl::GetFlag(FLAGS_max_connections),
                    .max_connections_per_address =
                        absl::GetFlag(FLAGS_max_connections_per_address),
                    .exempt = proxies.prefixes()};
  options.max_body_memory = size(absl::GetFlag(FLAGS_max_body_memory));
  return options;
}

}  // namespace

absl::StatusOr<NetworkConfig> NetworkConfigFromFlags() {
  if (absl::Status valid = CheckFlags(); !valid.ok()) return valid;
  absl::StatusOr<std::optional<TlsOptions>> tls = TlsFromFlags();
  if (!tls.ok()) return tls.status();
  const absl::StatusOr<uint32_t> mode = UnixSocketMode();
  if (!mode.ok()) return mode.status();
  std::vector<ListenAddress> listen;
  for (const std::string& item : absl::GetFlag(FLAGS_listen)) {
    absl::StatusOr<ListenAddress> address = ParseListen(item, tls->has_value());
    if (!address.ok()) return address.status();
    listen.push_back(*std::move(address));
  }
  absl::StatusOr<ListenAddress> default_address =
      ParseListen("127.0.0.1", tls->has_value());
  if (!default_address.ok()) return default_address.status();
  absl::StatusOr<TrustedProxies> proxies =
      TrustedProxies::Parse(absl::GetFlag(FLAGS_trusted_proxies));
  if (!proxies.ok()) {
    return InvalidFlag("trusted_proxies", proxies.status().message());
  }
  absl::StatusOr<HostCheck> hosts =
      HostCheck::Create(absl::GetFlag(FLAGS_allowed_hosts), OwnNames(listen));
  if (!hosts.ok()) {
    return InvalidFlag("allowed_hosts", hosts.status().message());
  }
  HttpServer::Options http = HttpFromFlags(*proxies);
  return NetworkConfig{.listen = std::move(listen),
                       .default_address = *std::move(default_address),
                       .unix_socket_mode = *mode,
                       .tls = *std::move(tls),
                       .hsts_max_age = absl::GetFlag(FLAGS_hsts_max_age),
                       .proxies = *std::move(proxies),
                       .hosts = *std::move(hosts),
                       .http = std::move(http)};
}

}  // namespace tallyman::server
