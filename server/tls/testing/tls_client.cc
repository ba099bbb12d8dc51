#include "server/tls/testing/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/log/check.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/tls/certificate_text.h"
#include "server/tls/openssl_error.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/socket_bio.h"

namespace tallyman::server {
namespace {

void SetVersions(SSL_CTX* context, const TlsClientOptions& options) {
  CHECK_EQ(SSL_CTX_set_min_proto_version(context, options.min_version), 1);
  CHECK_EQ(SSL_CTX_set_max_proto_version(context, options.max_version), 1);
  // OpenSSL 3 allows TLS 1.1 at level 0 only.
  if (options.max_version != 0 && options.max_version < TLS1_2_VERSION) {
    SSL_CTX_set_security_level(context, 0);
  }
}

void SetProtocols(SSL_CTX* context, const TlsClientOptions& options) {
  if (options.protocols.empty()) return;
  std::string list;
  for (const std::string& protocol : options.protocols) {
    list += static_cast<char>(protocol.size());
    list += protocol;
  }
  CHECK_EQ(SSL_CTX_set_alpn_protos(
               context, reinterpret_cast<const unsigned char*>(list.data()),
               static_cast<unsigned>(list.size())),
           0);
}

SslCtxPtr NewContext(const TlsClientOptions& options) {
  SslCtxPtr context(SSL_CTX_new(TLS_client_method()));
  CHECK(context != nullptr);
  SetVersions(context.get(), options);
  SetProtocols(context.get(), options);
  if (const std::string& ciphers = options.tls12_ciphers; !ciphers.empty()) {
    CHECK_EQ(SSL_CTX_set_cipher_list(context.get(), ciphers.c_str()), 1)
        << ciphers;
  }
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  if (!options.ca_file.empty()) {
    CHECK_EQ(SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()),
             1)
        << options.ca_file;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (!options.cert_file.empty()) {
    CHECK_EQ(SSL_CTX_use_certificate_chain_file(context.get(),
                                                options.cert_file.c_str()),
             1)
        << options.cert_file;
    CHECK_EQ(SSL_CTX_use_PrivateKey_file(
                 context.get(), options.key_file.c_str(), SSL_FILETYPE_PEM),
             1)
        << options.key_file;
  }
  return context;
}

}  // namespace

TlsClientContext::TlsClientContext(const TlsClientOptions& options)
    : server_name_(options.server_name), context_(NewContext(options)) {}

absl::StatusOr<std::unique_ptr<TlsClient>> TlsClient::Connect(
    const TlsClientContext& context, base::UniqueFd socket,
    SSL_SESSION* session) {
  auto client = absl::WrapUnique(new TlsClient(
      std::move(socket), SslPtr(SSL_new(context.context_.get()))));
  SSL* const ssl = client->ssl();
  CHECK(ssl != nullptr);
  BIO* const bio = NewSocketBio(&client->socket_).release();
  SSL_set_bio(ssl, bio, bio);
  if (const std::string& name = context.server_name_; !name.empty()) {
    CHECK_EQ(SSL_set1_host(ssl, name.c_str()), 1);
    CHECK_EQ(SSL_set_tlsext_host_name(ssl, name.c_str()), 1);
  }
  if (session != nullptr) CHECK_EQ(SSL_set_session(ssl, session), 1);
  ERR_clear_error();
  if (const int result = SSL_connect(ssl); result != 1) {
    return client->ErrorOf("connecting", result);
  }
  return client;
}

TlsClient::TlsClient(base::UniqueFd socket, SslPtr ssl)
    : owned_socket_(std::move(socket)),
      socket_{.fd = owned_socket_.get()},
      ssl_(std::move(ssl)) {}

absl::StatusOr<size_t> TlsClient::Read(absl::Span<char> to) {
  ERR_clear_error();
  size_t got = 0;
  const int result = SSL_read_ex(ssl(), to.data(), to.size(), &got);
  if (result == 1) return got;
  if (SSL_get_error(ssl(), result) == SSL_ERROR_ZERO_RETURN) return 0;
  return ErrorOf("reading", result);
}

absl::StatusOr<std::string> TlsClient::ReadExactly(size_t size) {
  std::string bytes;
  std::array<char, 16384> buffer;
  while (bytes.size() < size) {
    const absl::StatusOr<size_t> got = Read(absl::MakeSpan(
        buffer.data(), std::min(buffer.size(), size - bytes.size())));
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    bytes.append(buffer.data(), *got);
  }
  return bytes;
}

absl::StatusOr<std::string> TlsClient::ReadAll() {
  return ReadExactly(std::numeric_limits<size_t>::max());
}

absl::Status TlsClient::Write(std::string_view bytes) {
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl(), bytes.data(), bytes.size(), &written);
  return result == 1 ? absl::OkStatus() : ErrorOf("writing", result);
}

absl::Status TlsClient::CloseWrite() {
  ERR_clear_error();
  if (const int result = SSL_shutdown(ssl()); result < 0) {
    return ErrorOf("closing", result);
  }
  if (shutdown(fd(), SHUT_WR) != 0) {
    return absl::InternalError(
        absl::StrCat("closing: ", std::generic_category().message(errno)));
  }
  return absl::OkStatus();
}

SslSessionPtr TlsClient::session() const {
  return SslSessionPtr(SSL_SESSION_dup(SSL_get_session(ssl())));
}

std::string TlsClient::protocol() const {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl(), &protocol, &size);
  return {reinterpret_cast<const char*>(protocol), size};
}

std::string TlsClient::server_subject() const {
  const X509* const certificate = SSL_get0_peer_certificate(ssl());
  return certificate == nullptr ? "" : SubjectOf(*certificate);
}

absl::Status TlsClient::ErrorOf(std::string_view what, int result) const {
  const int error = SSL_get_error(ssl(), result);
  if (error == SSL_ERROR_SYSCALL && socket_.error != 0) {
    return absl::InternalError(absl::StrCat(
        what, ": ", std::generic_category().message(socket_.error)));
  }
  return absl::InternalError(absl::StrCat(what, ": ", TakeOpensslError()));
}

}  // namespace tallyman::server
