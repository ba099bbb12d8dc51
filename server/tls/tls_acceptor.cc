#include "server/tls/tls_acceptor.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "server/net/transport.h"
#include "server/tls/certificate_text.h"
#include "server/tls/tls_context.h"
#include "server/tls/tls_options.h"
#include "server/tls/tls_transport.h"

namespace tallyman::server {
namespace {

class OpensslAcceptor final : public TlsAcceptor {
 public:
  explicit OpensslAcceptor(std::unique_ptr<TlsContext> context)
      : context_(std::move(context)) {}

  std::unique_ptr<Transport> Accept(base::UniqueFd socket) const override {
    absl::StatusOr<std::unique_ptr<TlsTransport>> transport =
        TlsTransport::Accept(*context_, std::move(socket));
    if (!transport.ok()) return nullptr;
    return *std::move(transport);
  }
  absl::Status Reload() override { return context_->Reload(); }
  absl::Time certificate_expiry() const override {
    return context_->certificate_expiry();
  }
  std::string subject() const override { return context_->subject(); }
  std::string DescribeExpiry(absl::Time now) const override {
    return server::DescribeExpiry(context_->certificate_expiry(), now);
  }
  std::vector<std::string> warnings() const override {
    return context_->warnings();
  }

 private:
  const std::unique_ptr<TlsContext> context_;
};

}  // namespace

absl::Status CheckTls() { return absl::OkStatus(); }

absl::StatusOr<std::unique_ptr<TlsAcceptor>> TlsAcceptor::Create(
    const TlsOptions& options) {
  absl::StatusOr<std::unique_ptr<TlsContext>> context =
      TlsContext::Create(options);
  if (!context.ok()) return context.status();
  return std::make_unique<OpensslAcceptor>(*std::move(context));
}

}  // namespace tallyman::server
