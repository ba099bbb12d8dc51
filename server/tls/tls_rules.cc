#include "server/tls/tls_rules.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "server/tls/openssl_error.h"
#include "server/tls/openssl_pointers.h"

namespace tallyman::server {
namespace {

// Forward secrecy and AEAD (RFC 9325, section 4.2). Those of TLS 1.3 are all
// sound.
constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

// Without the slow groups that a client could demand (P-521, X448, ffdhe8192).
// OpenSSL 3.0 refuses a list with a group that it does not know, such as the
// hybrid one of 3.5; without either, it has its own list.
constexpr std::array<const char*, 3> kGroups = {
    "X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384", "P-256:P-384"};

constexpr std::string_view kProtocol = "http/1.1";

// The callback of SSL_CTX_set_alpn_select_cb(3). `offered` are strings that
// follow their size in one byte.
int SelectProtocol(SSL* /*ssl*/, const unsigned char** selected,
                   unsigned char* selected_size, const unsigned char* offered,
                   unsigned offered_size, void* /*arg*/) {
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const size_t size = static_cast<uint8_t>(rest.front());
    const std::string_view protocol = rest.substr(1, size);
    if (protocol == kProtocol) {
      *selected = reinterpret_cast<const unsigned char*>(protocol.data());
      *selected_size = static_cast<unsigned char>(size);
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(1 + protocol.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol
}

void SetOptions(SSL_CTX* context) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                   // The end of the stream without close_notify is not written
                   // to the peer as an alert; TlsTransport notices it itself.
                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  // RELEASE_BUFFERS: a connection has its 16 KiB buffers only while they have
  // bytes. The other two: the contract of Transport::Write().
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
                                SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One recv(2) takes a whole record or several, instead of header and body
  // apart.
  SSL_CTX_set_read_ahead(context, 1);
  // No early data: it can be replayed (RFC 8446, section 8).
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_recv_max_early_data(context, 0);
}

absl::Status ErrorOf(std::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", TakeOpensslError()));
}

// The digest of whom a session of this context has been checked against.
absl::StatusOr<std::string> SessionIdContext(
    const std::vector<X509Ptr>& authorities) {
  std::string text = "tallyman";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  for (const X509Ptr& authority : authorities) {
    if (X509_digest(authority.get(), EVP_sha256(), digest.data(), &size) != 1) {
      return ErrorOf("cannot digest a certificate");
    }
    text.append(reinterpret_cast<const char*>(digest.data()), size);
  }
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(),
                 nullptr) != 1) {
    return ErrorOf("cannot digest certificates");
  }
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

}  // namespace

absl::StatusOr<SslCtxPtr> NewServerContext() {
  ERR_clear_error();
  SslCtxPtr context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr ||
      SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kTls12Ciphers) != 1) {
    return ErrorOf("cannot set up TLS");
  }
  for (const char* const groups : kGroups) {
    if (SSL_CTX_set1_groups_list(context.get(), groups) == 1) break;
  }
  ERR_clear_error();
  SetOptions(context.get());
  SSL_CTX_set_alpn_select_cb(context.get(), SelectProtocol, nullptr);
  return context;
}

absl::Status RequireClientCertificates(
    SSL_CTX* context, const std::vector<X509Ptr>& authorities) {
  const absl::StatusOr<std::string> id = SessionIdContext(authorities);
  if (!id.ok()) return id.status();
  if (SSL_CTX_set_session_id_context(
          context, reinterpret_cast<const unsigned char*>(id->data()),
          static_cast<unsigned>(id->size())) != 1) {
    return ErrorOf("cannot set the session id context");
  }
  if (authorities.empty()) return absl::OkStatus();
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const X509Ptr& authority : authorities) {
    // The client sees the names and chooses its certificate by them.
    if (X509_STORE_add_cert(store, authority.get()) != 1 ||
        SSL_CTX_add_client_CA(context, authority.get()) != 1) {
      return ErrorOf("cannot add an authority");
    }
  }
  // Trusts certificates of the file that are not roots.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                     nullptr);
  return absl::OkStatus();
}

}  // namespace tallyman::server
