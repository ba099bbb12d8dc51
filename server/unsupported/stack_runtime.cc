#include "server/stack_runtime.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/error.h"
#include "api/redaction/redaction.h"
#include "auth/token.h"
#include "platform/process_lister.h"
#include "server/log/log.h"
#include "server/routing/router.h"
#include "server/stack_options.h"
#include "storage/data_directory.h"
#include "storage/database.h"

namespace tallyman::server {
namespace {

// "/stacks" and so many segments below it are answered.
constexpr int kMaxSegments = 6;

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
    Endpoints endpoints;
    for (const char* const method : {"GET", "POST", "PUT", "DELETE"}) {
      endpoints[method] = {
          .scope = auth::Scope::kPublic, .handler = Refuse, .is_fast = true};
    }
    std::string pattern = "/stacks";
    for (int i = 0; i <= kMaxSegments; ++i) {
      router.Add(pattern, ApiFamily::kStacks, endpoints);
      absl::StrAppend(&pattern, "/{segment}");
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
