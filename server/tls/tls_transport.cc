#include "server/tls/tls_transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"
#include "server/tls/certificate_text.h"
#include "server/tls/openssl_error.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/socket_bio.h"
#include "server/tls/tls_context.h"

namespace tallyman::server {
namespace {

// RFC 8446, section 5.1.
constexpr size_t kMaxRecordBytes = SSL3_RT_MAX_PLAIN_LENGTH;

// The first `size` bytes of `head` and `body`, at most kMaxRecordBytes, which
// have at least as many. Copies only if they are of both; valid until the next
// call on this thread.
std::string_view FirstBytes(std::string_view head, std::string_view body,
                            size_t size) {
  if (head.size() >= size) return head.substr(0, size);
  if (head.empty()) return body.substr(0, size);
  thread_local std::array<char, kMaxRecordBytes> joined;
  std::memcpy(joined.data(), head.data(), head.size());
  std::memcpy(joined.data() + head.size(), body.data(), size - head.size());
  return {joined.data(), size};
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsTransport>> TlsTransport::Accept(
    const TlsContext& context, base::UniqueFd socket) {
  ERR_clear_error();
  SslPtr ssl = context.NewConnection();
  if (ssl != nullptr) {
    auto transport =
        absl::WrapUnique(new TlsTransport(std::move(socket), std::move(ssl)));
    if (BioPtr bio = NewSocketBio(&transport->socket_)) {
      BIO* const both = bio.release();
      SSL_set_bio(transport->ssl_.get(), both, both);
      return transport;
    }
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no TLS for a connection: ", TakeOpensslError()));
}

TlsTransport::TlsTransport(base::UniqueFd socket, SslPtr ssl)
    : owned_socket_(std::move(socket)),
      socket_{.fd = owned_socket_.get()},
      ssl_(std::move(ssl)) {}

Transport::Result TlsTransport::Handshake() {
  if (is_failed_) return {State::kError};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return Failure(result);
  is_handshake_done_ = true;
  return {State::kOk};
}

Transport::Result TlsTransport::Read(absl::Span<char> to) {
  if (is_failed_) return {State::kError};
  if (is_ended_) return {State::kEnd};
  ERR_clear_error();
  size_t got = 0;
  const int result = SSL_read_ex(ssl_.get(), to.data(), to.size(), &got);
  return result == 1 ? Result{State::kOk, got} : Failure(result);
}

Transport::Result TlsTransport::Write(std::string_view head,
                                      std::string_view body) {
  if (is_failed_) return {State::kError};
  const size_t total = head.size() + body.size();
  if (total < blocked_write_) return Fail("a repeated write has fewer bytes");
  const size_t size =
      blocked_write_ > 0 ? blocked_write_ : std::min(total, kMaxRecordBytes);
  const std::string_view record = FirstBytes(head, body, size);
  ERR_clear_error();
  size_t sent = 0;
  const int result =
      SSL_write_ex(ssl_.get(), record.data(), record.size(), &sent);
  blocked_write_ = result == 1 ? 0 : size;
  return result == 1 ? Result{State::kOk, sent} : Failure(result);
}

Transport::Result TlsTransport::CloseWrite() {
  if (is_failed_) return {State::kError};
  if (is_write_closed_) return {State::kOk};
  if (blocked_write_ > 0) return Fail("closed in the middle of a write");
  if (is_handshake_done_) {
    ERR_clear_error();
    // 0: sent, and the peer's close_notify has not come.
    if (const int result = SSL_shutdown(ssl_.get()); result < 0) {
      return Failure(result);
    }
  }
  if (shutdown(fd(), SHUT_WR) != 0) {
    return Fail(std::generic_category().message(errno));
  }
  is_write_closed_ = true;
  return {State::kOk};
}

std::string TlsTransport::peer_name() const {
  // The handshake fails if the certificate cannot be verified.
  const X509* const peer = SSL_get0_peer_certificate(ssl_.get());
  return peer == nullptr || !is_handshake_done_ ? "" : SubjectOf(*peer);
}

std::string_view TlsTransport::version() const {
  return SSL_get_version(ssl_.get());
}

bool TlsTransport::is_resumed() const {
  return SSL_session_reused(ssl_.get()) == 1;
}

Transport::Result TlsTransport::Failure(int result) {
  // SSL_get_error(3) looks at the thread's error queue too.
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return {State::kWantRead};
  if (error == SSL_ERROR_WANT_WRITE) return {State::kWantWrite};
  if (error == SSL_ERROR_ZERO_RETURN && is_handshake_done_ &&
      !socket_.has_ended) {
    is_ended_ = true;
    return {State::kEnd};
  }
  if (error == SSL_ERROR_SSL) {
    // "certificate verify failed" has a cause.
    const auto verified = SSL_get_verify_result(ssl_.get());
    const std::string reason = TakeOpensslError();
    return Fail(verified == X509_V_OK
                    ? reason
                    : absl::StrCat(reason, ": ",
                                   X509_verify_cert_error_string(verified)));
  }
  ERR_clear_error();
  if (socket_.error != 0) {
    return Fail(std::generic_category().message(socket_.error));
  }
  return Fail(is_handshake_done_ ? "the peer ended without close_notify"
                                 : "the peer ended the handshake");
}

Transport::Result TlsTransport::Fail(std::string_view reason) {
  is_failed_ = true;
  error_ = absl::StrCat("TLS: ", reason);
  return {State::kError};
}

}  // namespace tallyman::server
