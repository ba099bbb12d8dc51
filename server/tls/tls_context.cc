#include "server/tls/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/tls/certificate_text.h"
#include "server/tls/openssl_error.h"
#include "server/tls/openssl_pointers.h"
#include "server/tls/pem_files.h"
#include "server/tls/session_tickets.h"
#include "server/tls/ticket_keys.h"
#include "server/tls/tls_rules.h"

namespace tallyman::server {
namespace {

bool IsPair(const X509Ptr& certificate, const EvpPkeyPtr& key) {
  const bool is_pair =
      X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  return is_pair;
}

std::string Quoted(std::string_view kind, std::string_view path) {
  return absl::StrCat(kind, " file \"", path, "\"");
}

absl::Status Refused(std::string_view file) {
  return absl::InvalidArgumentError(
      absl::StrCat(file, " is refused: ", TakeOpensslError()));
}

// Makes `context` show `certificates`, the first with its `key`.
absl::Status UseCertificates(SSL_CTX* context, const TlsOptions& options,
                             const std::vector<X509Ptr>& certificates,
                             const EvpPkeyPtr& key) {
  const std::string cert_file = Quoted("certificate", options.cert_file);
  const std::string key_file = Quoted("key", options.key_file);
  if (!IsPair(certificates.front(), key)) {
    const bool is_of_another =
        std::any_of(certificates.begin(), certificates.end(),
                    [&](const X509Ptr& each) { return IsPair(each, key); });
    return absl::InvalidArgumentError(absl::StrCat(
        key_file, " does not match the first certificate of ", cert_file,
        is_of_another ? "; put the certificate of the key first" : ""));
  }
  ERR_clear_error();
  if (SSL_CTX_use_certificate(context, certificates.front().get()) != 1) {
    return Refused(cert_file);
  }
  for (size_t i = 1; i < certificates.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, certificates[i].get()) != 1) {
      return Refused(cert_file);
    }
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return Refused(key_file);
  return absl::OkStatus();
}

std::vector<std::string> WarningsOf(const TlsOptions& options,
                                    const std::vector<X509Ptr>& certificates,
                                    bool is_key_open_to_all, absl::Time now) {
  std::vector<std::string> warnings;
  for (const X509Ptr& certificate : certificates) {
    const std::string name =
        absl::StrCat("certificate \"", SubjectOf(*certificate), "\" of file \"",
                     options.cert_file, "\" ");
    if (const absl::Time expiry = ValidUntil(*certificate); expiry < now) {
      warnings.push_back(absl::StrCat(name, DescribeExpiry(expiry, now)));
    }
    if (const absl::Time begin = ValidFrom(*certificate); begin > now) {
      warnings.push_back(absl::StrCat(
          name, "is not valid before ",
          absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", begin, absl::UTCTimeZone()),
          "; is the clock right?"));
    }
  }
  if (is_key_open_to_all) {
    warnings.push_back(
        absl::StrCat(Quoted("key", options.key_file),
                     " is accessible to all users; run chmod o= on it"));
  }
  return warnings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(
    const TlsOptions& options, TicketKeys::Clock ticket_clock) {
  auto keys = std::make_shared<TicketKeys>(std::move(ticket_clock));
  absl::StatusOr<std::shared_ptr<const Loaded>> loaded = Load(options, keys);
  if (!loaded.ok()) return loaded.status();
  return absl::WrapUnique(
      new TlsContext(options, std::move(keys), *std::move(loaded)));
}

TlsContext::TlsContext(TlsOptions options, std::shared_ptr<TicketKeys> keys,
                       std::shared_ptr<const Loaded> loaded)
    : options_(std::move(options)),
      keys_(std::move(keys)),
      loaded_(std::move(loaded)) {}

absl::StatusOr<std::shared_ptr<const TlsContext::Loaded>> TlsContext::Load(
    const TlsOptions& options, const std::shared_ptr<TicketKeys>& keys) {
  absl::StatusOr<std::vector<X509Ptr>> certificates =
      ReadCertificates("certificate file", options.cert_file);
  if (!certificates.ok()) return certificates.status();
  absl::StatusOr<PrivateKey> key = ReadPrivateKey(options.key_file);
  if (!key.ok()) return key.status();
  std::vector<X509Ptr> authorities;
  if (!options.client_ca_file.empty()) {
    absl::StatusOr<std::vector<X509Ptr>> read =
        ReadCertificates("client CA file", options.client_ca_file);
    if (!read.ok()) return read.status();
    authorities = *std::move(read);
  }
  absl::StatusOr<SslCtxPtr> context = NewServerContext();
  if (!context.ok()) return context.status();
  absl::Status status =
      UseCertificates(context->get(), options, *certificates, key->key);
  if (status.ok()) {
    status = RequireClientCertificates(context->get(), authorities);
  }
  if (status.ok()) status = EnableSessionTickets(context->get(), keys);
  if (!status.ok()) return status;
  absl::Time expiry = absl::InfiniteFuture();
  for (const X509Ptr& certificate : *certificates) {
    expiry = std::min(expiry, ValidUntil(*certificate));
  }
  return std::make_shared<Loaded>(
      Loaded{.context = *std::move(context),
             .expiry = expiry,
             .subject = SubjectOf(*certificates->front()),
             .warnings = WarningsOf(options, *certificates, key->is_open_to_all,
                                    absl::Now())});
}

absl::Status TlsContext::Reload() {
  const absl::MutexLock reload_lock(&reload_mutex_);
  absl::StatusOr<std::shared_ptr<const Loaded>> fresh = Load(options_, keys_);
  if (!fresh.ok()) return fresh.status();
  const absl::MutexLock lock(&mutex_);
  loaded_.swap(*fresh);
  return absl::OkStatus();
}

std::vector<std::string> TlsContext::warnings() const {
  return loaded()->warnings;
}

absl::Time TlsContext::certificate_expiry() const { return loaded()->expiry; }

std::string TlsContext::subject() const { return loaded()->subject; }

SslPtr TlsContext::NewConnection() const {
  SslPtr connection(SSL_new(loaded()->context.get()));
  if (connection != nullptr) SSL_set_accept_state(connection.get());
  return connection;
}

std::shared_ptr<const TlsContext::Loaded> TlsContext::loaded() const {
  const absl::MutexLock lock(&mutex_);
  return loaded_;
}

}  // namespace tallyman::server
