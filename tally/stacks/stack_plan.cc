#include "tally/stacks/stack_plan.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/no_destructor.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/redaction/redaction.h"
#include "nlohmann/json.hpp"
#include "stacks/model/procfile.h"
#include "tally/client/api.h"
#include "tally/client/json_fields.h"
#include "tally/commands/stack_lookup.h"
#include "tally/stacks/definition_file.h"
#include "tally/terminal/output.h"
#include "tally/terminal/text.h"

namespace tallyman::tally {
namespace {

std::string HideSecrets(std::string_view text) {
  static const absl::NoDestructor<std::unique_ptr<api::Redactor>> redactor([] {
    auto made = api::Redactor::Create(api::DefaultSecretNames());
    // The names are constant.
    CHECK_OK(made.status());
    return *std::move(made);
  }());
  return Printable((*redactor)->Text(text));
}

// The process of the definition; null if there is none.
Json WantedProcess(const Json& body, std::string_view name) {
  const Json& list = MemberOf(body, "processes");
  if (list.is_array()) {
    for (const Json& process : list) {
      if (TextOf(process, "name") == name) return process;
    }
    return nullptr;
  }
  const auto parsed = stacks::ParseProcfile(TextOf(body, "procfile"));
  if (!parsed.ok()) return nullptr;
  for (const auto& process : *parsed) {
    if (process.name == name) {
      return {{"name", process.name}, {"command", process.command}};
    }
  }
  return nullptr;
}

std::string PresentCommand(const std::vector<Json>& processes,
                           std::string_view name) {
  for (const Json& process : processes) {
    if (TextOf(process, "name") == name) {
      return Printable(TextOf(process, "command"));
    }
  }
  return "";
}

// "2" of the numbers `key` of all servers.
int64_t Total(const Json& process, std::string_view key) {
  int64_t sum = 0;
  const Json& servers = MemberOf(process, "servers");
  if (!servers.is_array()) return sum;
  for (const Json& server : servers) sum += NumberOf(server, key).value_or(0);
  return sum;
}

// ": starts 2, restarts 1"; "" for none.
std::string Moves(const Json& process) {
  std::string text;
  for (const auto& [key, word] :
       {std::pair<std::string_view, std::string_view>{"start", "starts"},
        {"stop", "stops"},
        {"restart", "restarts"}}) {
    const int64_t count = Total(process, key);
    if (count == 0) continue;
    absl::StrAppend(&text, text.empty() ? ": " : ", ", word, " ", count);
  }
  return text;
}

// "command: bin/work → bin/work --fast".
std::string FieldLine(const StackPlan& plan, const Json& wanted,
                      std::string_view name, const std::string& field) {
  if (field == "command") {
    const std::string before = PresentCommand(plan.processes, name);
    const std::string after = HideSecrets(TextOf(wanted, field));
    if (before == after) return "command: a value that is not shown changes";
    return absl::StrCat("command: ", before, " → ", after);
  }
  if (field == "env") return "env: changes; its values are not shown";
  const Json& value = MemberOf(wanted, field);
  if (value.is_null()) {
    return absl::StrCat(Printable(field), ": becomes the default");
  }
  return absl::StrCat(
      Printable(field), ": becomes ",
      Printable(value.is_string() ? value.get<std::string>() : value.dump()));
}

void AppendProcess(const StackPlan& plan, const Json& process,
                   const Output& out, std::string& text) {
  const std::string name = TextOf(process, "name");
  const std::string change = TextOf(process, "change");
  const Json wanted = WantedProcess(plan.wanted.body, name);
  const std::string shown = Printable(name);
  if (change == "added") {
    absl::StrAppend(
        &text,
        out.In(Style::kGreen,
               absl::StrCat("  + ", shown, ": ",
                            HideSecrets(TextOf(wanted, "command")))),
        "\n");
    if (const std::string moves = Moves(process); !moves.empty()) {
      absl::StrAppend(&text, "      ", moves.substr(2), "\n");
    }
    return;
  }
  if (change == "removed") {
    absl::StrAppend(
        &text, out.In(Style::kRed, absl::StrCat("  - ", shown, Moves(process))),
        "\n");
    return;
  }
  absl::StrAppend(
      &text,
      out.In(Style::kYellow, absl::StrCat("  ~ ", shown, Moves(process))),
      "\n");
  for (const std::string& field : TextsOf(process, "fields")) {
    absl::StrAppend(&text, "      ", FieldLine(plan, wanted, name, field),
                    "\n");
  }
}

}  // namespace

bool StackPlan::has_changes() const {
  return !present || !MemberOf(preview, "processes").empty() ||
         !MemberOf(preview, "fields").empty();
}

bool StackPlan::moves_instances() const {
  return NumberOf(preview, "start").value_or(0) > 0 ||
         NumberOf(preview, "stop").value_or(0) > 0 ||
         NumberOf(preview, "restart").value_or(0) > 0;
}

std::string StackPlan::label() const {
  if (present) return present->label;
  return wanted.environment.empty()
             ? wanted.name
             : absl::StrCat(wanted.name, "@", wanted.environment);
}

absl::StatusOr<StackPlan> MakePlan(Api& api, const StackFromFile& wanted) {
  StackPlan plan{.wanted = wanted};
  const absl::StatusOr<std::vector<StackRef>> stacks = AllStacks(api);
  if (!stacks.ok()) return stacks.status();
  for (const StackRef& stack : *stacks) {
    if (stack.name == wanted.name && stack.environment == wanted.environment) {
      plan.present = stack;
    }
  }
  ApiRequest request{.method = "POST",
                     .path = "/api/3/stacks",
                     .query = {{"dry_run", "1"}},
                     .body = wanted.body};
  if (plan.present) {
    request.method = "PUT";
    request.path = StackPath(*plan.present);
    absl::StatusOr<std::vector<Json>> processes =
        api.List(StackPath(*plan.present, "/processes"));
    if (!processes.ok()) return processes.status();
    plan.processes = *std::move(processes);
  }
  absl::StatusOr<ApiAnswer> answer = api.Send(request);
  if (!answer.ok()) {
    absl::Status failed(
        answer.status().code(),
        absl::StrCat(wanted.place, ": ", answer.status().message()));
    if (const auto payload = answer.status().GetPayload(kApiErrorPayload)) {
      failed.SetPayload(kApiErrorPayload, *payload);
    }
    return failed;
  }
  plan.preview = MemberOf(answer->body, "response");
  return plan;
}

std::string RenderPlan(const StackPlan& plan, const Output& out) {
  const std::string label = Printable(plan.label());
  if (!plan.has_changes()) {
    return absl::StrCat("  ", label, " does not change\n");
  }
  std::string text =
      plan.present
          ? absl::StrCat(out.In(Style::kYellow, absl::StrCat("~ ", label)),
                         "\n")
          : absl::StrCat(
                out.In(Style::kGreen, absl::StrCat("+ ", label, " is new")),
                "\n");
  const Json& processes = MemberOf(plan.preview, "processes");
  if (processes.is_array()) {
    for (const Json& process : processes) {
      AppendProcess(plan, process, out, text);
    }
  }
  absl::StrAppend(&text, "  starts ",
                  NumberOf(plan.preview, "start").value_or(0), ", stops ",
                  NumberOf(plan.preview, "stop").value_or(0), ", restarts ",
                  NumberOf(plan.preview, "restart").value_or(0), "\n");
  return text;
}

Json PlanJson(const StackPlan& plan) {
  return {{"name", plan.wanted.name},
          {"environment", plan.wanted.environment},
          {"uid", plan.present ? Json(plan.present->uid) : Json()},
          {"change", !plan.present        ? "created"
                     : plan.has_changes() ? "changed"
                                          : "none"},
          {"preview", plan.preview}};
}

}  // namespace tallyman::tally
