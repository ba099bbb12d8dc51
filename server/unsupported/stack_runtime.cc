#include "server/stack_runtime.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/description/operation.h"
#include "api/http/error.h"
#include "api/redaction/redaction.h"
#include "api/stacks/stack_operations.h"
#include "platform/process_lister.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "server/stack_options.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

HandlerResult Refuse(const RequestContext& /*context*/) {
  return api::Error{.kind = api::ErrorKind::kNotImplemented,
                    .details =
                        "this server runs no processes, since its "
                        "system is not Linux"};
}

class NoStacks final : public StackRuntime {
 public:
  void AddRoutes(const api::Redactor& /*redactor*/,
                 Router& router) const override {
    for (const api::Operation* const operation : api::StackOperations()) {
      router.Add(*operation, Refuse, /*is_fast=*/true);
    }
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<StackRuntime>> StackRuntime::Start(
    const StackOptions& /*options*/, const std::string& /*address*/,
    const storage::DataDirectory& /*directory*/,
    storage::Database& /*database*/, const platform::ProcessLister& /*lister*/,
    const Log& /*log*/) {
  return std::make_unique<NoStacks>();
}

std::optional<int> RunOtherProgram(
    const std::vector<std::string>& /*arguments*/) {
  return std::nullopt;
}

}  // namespace tallyman::server
