#include "api/stacks/action_request.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/http/http.h"
#include "api/http/request_fields.h"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

using Command = ActionRequest::Command;

constexpr std::string_view kCommandNames =
    "restart, process_restart, process_pause, process_resume";

std::optional<Command> ParseCommand(std::string_view name) {
  if (name == "restart") return Command::kRestart;
  if (name == "process_restart") return Command::kProcessRestart;
  if (name == "process_pause") return Command::kProcessPause;
  if (name == "process_resume") return Command::kProcessResume;
  return std::nullopt;
}

}  // namespace

absl::StatusOr<ActionRequest> ParseActionRequest(const Request& request) {
  const absl::StatusOr<RequestFields> fields =
      RequestFields::Read(request, {"command", "process_name", "server_uid"});
  if (!fields.ok()) return fields.status();
  const absl::StatusOr<std::optional<std::string>> name =
      fields->GetString("command");
  if (!name.ok()) return name.status();
  if (!name->has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("command: is missing; commands are ", kCommandNames));
  }
  const std::optional<Command> command = ParseCommand(**name);
  if (!command) {
    return absl::InvalidArgumentError(
        absl::StrCat("command: unknown command ", base::Quote(**name),
                     "; commands are ", kCommandNames));
  }
  absl::StatusOr<std::optional<std::string>> process_name =
      fields->GetString("process_name");
  if (!process_name.ok()) return process_name.status();
  absl::StatusOr<std::optional<std::string>> server_uid =
      fields->GetString("server_uid");
  if (!server_uid.ok()) return server_uid.status();
  if (*command == Command::kRestart) {
    if (process_name->has_value()) {
      return absl::InvalidArgumentError(
          "process_name: restart is for the whole stack; use process_restart "
          "for one process");
    }
  } else if (!process_name->has_value() && !server_uid->has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("process_name: is missing; ", **name,
                     " needs process_name, server_uid or both"));
  }
  return ActionRequest{.command = *command,
                       .process_name = (*std::move(process_name)).value_or(""),
                       .server_uid = (*std::move(server_uid)).value_or("")};
}

}  // namespace tallyman::api
