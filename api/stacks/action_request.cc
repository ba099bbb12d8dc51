#include "api/stacks/action_request.h"

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/http/http.h"
#include "api/http/request_fields.h"
#include "platform/base/text.h"

namespace tallyman::api {
namespace {

using Command = ActionRequest::Command;

// In the order of Command.
constexpr std::string_view kCommandNames[] = {
    "restart", "process_restart", "process_pause", "process_resume"};

constexpr Schema kCommand =
    OneOf(ConstantValues<kCommandNames>,
          String("`restart` is for the whole stack, the others need "
                 "`process_name`, `server_uid` or both.",
                 "process_restart"));
constexpr Schema kProcessName = String("Only this process.", "web");
constexpr Schema kServerUid = Uid("Only the instances on this server.",
                                  "e63e859d5ab72b0bcf14321f0ffb013d");

constexpr Field kFields[] = {
    {"command", kCommand, kOptional},
    {"process_name", kProcessName, kOptional},
    {"server_uid", kServerUid, kOptional},
};

std::optional<Command> ParseCommand(std::string_view name) {
  for (size_t i = 0; i < std::size(kCommandNames); ++i) {
    if (name == kCommandNames[i]) return static_cast<Command>(i);
  }
  return std::nullopt;
}

}  // namespace

constexpr Schema kActionRequestSchema = Object(
    "ActionRequest",
    "Each field may be here or in the query; `command` is required.", kFields);
constexpr Parameter kCommandParameter = {.name = kFields[0].name,
                                         .schema = kCommand};
constexpr Parameter kActionProcessNameParameter = {.name = kFields[1].name,
                                                   .schema = kProcessName};
constexpr Parameter kActionServerUidParameter = {.name = kFields[2].name,
                                                 .schema = kServerUid};

absl::StatusOr<ActionRequest> ParseActionRequest(const Request& request) {
  const absl::StatusOr<RequestFields> fields = RequestFields::Read(
      request, {kFields[0].name, kFields[1].name, kFields[2].name});
  if (!fields.ok()) return fields.status();
  const absl::StatusOr<std::optional<std::string>> name =
      fields->GetString(kCommandParameter.name);
  if (!name.ok()) return name.status();
  if (!name->has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("command: is missing; commands are ",
                     absl::StrJoin(kCommandNames, ", ")));
  }
  const std::optional<Command> command = ParseCommand(**name);
  if (!command) {
    return absl::InvalidArgumentError(
        absl::StrCat("command: unknown command ", base::Quote(**name),
                     "; commands are ", absl::StrJoin(kCommandNames, ", ")));
  }
  absl::StatusOr<std::optional<std::string>> process_name =
      fields->GetString(kActionProcessNameParameter.name);
  if (!process_name.ok()) return process_name.status();
  absl::StatusOr<std::optional<std::string>> server_uid =
      fields->GetString(kActionServerUidParameter.name);
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
