#include "server/stack_runtime.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/host/process_owners.h"
#include "api/metrics/metrics_writer.h"
#include "api/redaction/redaction.h"
#include "platform/process_lister.h"
#include "server/handlers/session_change.h"
#include "server/handlers/token_change.h"
#include "server/handlers/unsupported_stack_handlers.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "server/stack_options.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

class NoStacks final : public StackRuntime {
 public:
  void AddRoutes(const api::Redactor& /*redactor*/, Router& router) override {
    AddUnsupportedStackRoutes(router);
  }
  absl::Status RecordToken(const TokenChange& /*change*/) override {
    return absl::OkStatus();
  }
  absl::Status RecordSession(const SessionChange& /*change*/) override {
    return absl::OkStatus();
  }
  std::shared_ptr<const api::ProcessOwners> ProcessOwners() const override {
    return nullptr;
  }
  void WriteMetrics(api::MetricsWriter& /*writer*/) const override {}
  std::optional<uint64_t> CountRounds() const override { return std::nullopt; }
  const std::string& cgroups_not_used() const override { return none_; }

 private:
  const std::string none_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StackRuntime>> StackRuntime::Start(
    const StackOptions& /*options*/, const std::string& /*address*/,
    const storage::DataDirectory& /*directory*/,
    storage::Database& /*database*/, const platform::ProcessLister& /*lister*/,
    const api::Redactor& /*redactor*/, const Log& /*log*/) {
  return std::make_unique<NoStacks>();
}

std::optional<int> RunOtherProgram(
    const std::vector<std::string>& /*arguments*/) {
  return std::nullopt;
}

}  // namespace tallyman::server
