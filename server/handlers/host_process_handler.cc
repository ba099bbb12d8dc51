#include "server/handlers/host_process_handler.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/host/host_envelope.h"
#include "api/host/host_operations.h"
#include "api/host/process_owners.h"
#include "api/host/process_query.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "api/redaction/redaction.h"
#include "platform/base/text.h"
#include "platform/process.h"
#include "platform/process_details.h"
#include "platform/process_lister.h"
#include "server/routing/router.h"

namespace tallyman::server {
namespace {

using platform::Process;
using platform::ProcessField;

// Shared by all requests of the route. Thread-safe.
struct HostProcessServices {
  const platform::ProcessLister& lister;
  const std::string proc_root;
  const api::Redactor& redactor;
  const absl::TimeZone zone;
  const api::ProcessOwnersSource owners;
};

api::Error ReadError(const absl::Status& status) {
  if (absl::IsNotFound(status)) return api::ErrorFromStatus(status);
  return api::ServerFault(
      status,
      absl::IsUnavailable(status)
          ? "cannot read the process: the server is out of file descriptors or "
            "memory; raise its limit on open files (ulimit -n), or try again "
            "later"
          : "");
}

absl::Status NotFound(int32_t pid) {
  return absl::NotFoundError(absl::StrCat("no process has the id ", pid));
}

// The system may show the children of a process only by their parents.
absl::StatusOr<std::vector<int32_t>> FindChildren(
    const platform::ProcessLister& lister, int32_t pid) {
  const absl::StatusOr<platform::ProcessSnapshot> found = lister.List(
      {.fields = ProcessField::kParentPid,
       .condition =
           [pid](const Process& process) { return process.parent_pid == pid; },
       .condition_fields = ProcessField::kParentPid});
  if (!found.ok()) return found.status();
  std::vector<int32_t> children;
  for (const Process& process : found->processes()) {
    if (process.pid != pid) children.push_back(process.pid);
  }
  return children;
}

absl::StatusOr<std::string> RenderProcess(const HostProcessServices& services,
                                          int32_t pid) {
  const std::shared_ptr<const api::ProcessOwners> owners = services.owners();
  const absl::StatusOr<platform::ProcessSnapshot> found =
      services.lister.List({.pids = {{pid}}});
  if (!found.ok()) return found.status();
  if (found->processes().empty()) return NotFound(pid);
  const Process& process = found->processes()[0];
  const absl::StatusOr<platform::ProcessDetails> details =
      platform::ReadProcessDetails(services.proc_root, pid);
  if (!details.ok()) return details.status();
  // It ended meanwhile, and another process has its pid.
  if (details->start_ticks >= 0 && process.start_ticks >= 0 &&
      details->start_ticks != process.start_ticks) {
    return NotFound(pid);
  }
  const absl::StatusOr<std::vector<int32_t>> children =
      FindChildren(services.lister, pid);
  if (!children.ok()) return children.status();
  const api::ProcessFormat format = {
      .redactor = services.redactor,
      .zone = services.zone,
      .owners = owners == nullptr ? api::ProcessOwners::None() : *owners};
  return api::RenderProcessDetails(process, *details, *children, format,
                                   absl::Now());
}

HandlerResult GetProcess(const HostProcessServices& services,
                         const RequestContext& context) {
  const std::string& text = context.path_params[0];
  int32_t pid = 0;
  if (text.find_first_not_of("0123456789") != std::string::npos ||
      !absl::SimpleAtoi(text, &pid)) {
    return api::ErrorFromStatus(absl::InvalidArgumentError(
        absl::StrCat("pid: ", base::Quote(text),
                     " is no process id, an integer from 0 to 2147483647")));
  }
  absl::StatusOr<std::string> body = RenderProcess(services, pid);
  if (!body.ok()) return ReadError(body.status());
  api::Response response;
  response.body = *std::move(body);
  return response;
}

}  // namespace

void AddHostProcessRoute(const platform::ProcessLister& lister,
                         std::string proc_root, const api::Redactor& redactor,
                         absl::TimeZone zone, api::ProcessOwnersSource owners,
                         Router& router) {
  const auto services = std::make_shared<const HostProcessServices>(
      HostProcessServices{.lister = lister,
                          .proc_root = std::move(proc_root),
                          .redactor = redactor,
                          .zone = zone,
                          .owners = std::move(owners)});
  router.Add(api::kGetHostProcess, [services](const RequestContext& context) {
    return GetProcess(*services, context);
  });
}

}  // namespace tallyman::server
