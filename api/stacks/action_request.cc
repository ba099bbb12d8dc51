#include "api/stacks/action_request.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
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
#include "stacks/model/signal_table.h"

namespace tallyman::api {
namespace {

using Command = ActionRequest::Command;

// In the order of Command.
constexpr std::string_view kCommandNames[] = {"restart", "process_restart",
                                              "process_pause", "process_resume",
                                              "process_signal"};

constexpr Schema kCommand =
    OneOf(ConstantValues<kCommandNames>,
          String("`restart` is for the whole stack; `process_signal` needs "
                 "`process_name` and `signal`; the others need "
                 "`process_name`, `server_uid` or both.",
                 "process_signal"));
constexpr Schema kProcessName = String("Only this process.", "web");
constexpr Schema kServerUid = Uid("Only the instances on this server.",
                                  "e63e859d5ab72b0bcf14321f0ffb013d");
constexpr Schema kInstance = Integer(
    "Only the instance with this number, of the process; not with "
    "`restart`. Needs `server_uid` if the process is on several "
    "servers.",
    "1", 1);
constexpr Schema kSignal =
    OneOf(ConstantValues<stacks::kProgramSignals>,
          String("The signal of `process_signal`: it is sent to the main "
                 "process of each instance, not to its process group.",
                 "WINCH"));

constexpr Field kFields[] = {
    {"command", kCommand, kOptional},
    {"process_name", kProcessName, kOptional},
    {"server_uid", kServerUid, kOptional},
    {"instance", kInstance, kOptional},
    {"signal", kSignal, kOptional},
};

std::optional<Command> ParseCommand(std::string_view name) {
  for (size_t i = 0; i < std::size(kCommandNames); ++i) {
    if (name == kCommandNames[i]) return static_cast<Command>(i);
  }
  return std::nullopt;
}

// What the action is for: the stack, a process, a server, or an instance.
absl::Status CheckScope(const ActionRequest& action, std::string_view command) {
  if (action.command == Command::kRestart) {
    for (const auto& [field, is_given] :
         {std::pair(kFields[1].name, !action.process_name.empty()),
          std::pair(kFields[3].name, action.instance != 0)}) {
      if (!is_given) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          field, ": restart is for the whole stack; use process_restart for ",
          action.instance != 0 ? "one instance" : "one process"));
    }
    return absl::OkStatus();
  }
  if (!action.process_name.empty()) return absl::OkStatus();
  if (action.instance != 0) {
    return absl::InvalidArgumentError(
        "process_name: is missing; instance is the number of one of its "
        "instances");
  }
  if (action.command == Command::kProcessSignal) {
    return absl::InvalidArgumentError(
        "process_name: is missing; process_signal needs it");
  }
  if (!action.server_uid.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("process_name: is missing; ", command,
                   " needs process_name, server_uid or both"));
}

absl::Status CheckSignal(const ActionRequest& action,
                         std::string_view command) {
  if (action.command != Command::kProcessSignal) {
    if (action.signal.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("signal: ", command, " takes none; use process_signal"));
  }
  if (stacks::IsProgramSignal(action.signal)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "signal: ",
      action.signal.empty()
          ? "is missing"
          : absl::StrCat("unknown signal ", base::Quote(action.signal)),
      "; signals are ", absl::StrJoin(stacks::kProgramSignals, ", ")));
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
constexpr Parameter kActionInstanceParameter = {.name = kFields[3].name,
                                                .schema = kInstance};
constexpr Parameter kSignalParameter = {.name = kFields[4].name,
                                        .schema = kSignal};

absl::StatusOr<ActionRequest> ParseActionRequest(const Request& request) {
  const absl::StatusOr<RequestFields> fields = RequestFields::Read(
      request, {kFields[0].name, kFields[1].name, kFields[2].name,
                kFields[3].name, kFields[4].name});
  if (!fields.ok()) return fields.status();
  ActionRequest action;
  std::string command;
  for (const auto& [parameter, out] :
       {std::pair(&kCommandParameter, &command),
        std::pair(&kActionProcessNameParameter, &action.process_name),
        std::pair(&kActionServerUidParameter, &action.server_uid),
        std::pair(&kSignalParameter, &action.signal)}) {
    absl::StatusOr<std::optional<std::string>> value =
        fields->GetString(parameter->name);
    if (!value.ok()) return value.status();
    *out = (*std::move(value)).value_or("");
  }
  const absl::StatusOr<std::optional<int64_t>> instance =
      fields->GetInteger(kActionInstanceParameter.name, *kInstance.min,
                         std::numeric_limits<int64_t>::max());
  if (!instance.ok()) return instance.status();
  action.instance = instance->value_or(0);
  if (command.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("command: is missing; commands are ",
                     absl::StrJoin(kCommandNames, ", ")));
  }
  const std::optional<Command> known = ParseCommand(command);
  if (!known) {
    return absl::InvalidArgumentError(
        absl::StrCat("command: unknown command ", base::Quote(command),
                     "; commands are ", absl::StrJoin(kCommandNames, ", ")));
  }
  action.command = *known;
  if (absl::Status status = CheckScope(action, command); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckSignal(action, command); !status.ok()) {
    return status;
  }
  return action;
}

}  // namespace tallyman::api
