#include "api/host/process_query.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "api/description/parameter.h"
#include "api/host/process_filters.h"
#include "api/host/process_owners.h"
#include "api/host/process_parameters.h"
#include "api/http/params.h"
#include "platform/base/text.h"
#include "platform/cgroup_names.h"
#include "platform/process.h"
#include "re2/re2.h"

namespace tallyman::api {
namespace {

using platform::Process;
using platform::ProcessFields;
using platform::ProcessState;

constexpr auto kMaxPatternBytes =
    static_cast<size_t>(*kProcessNameParameter.schema.max);
constexpr int64_t kPatternMemoryBytes = int64_t{1} << 20;

// Calls `take(item, position)` for each item of a comma-separated list, with
// the position of its first byte, from 1. Stops at the first error.
absl::Status ForEachItem(
    std::string_view list,
    const std::function<absl::Status(std::string_view, size_t)>& take) {
  size_t begin = 0;
  while (true) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    if (absl::Status status =
            take(list.substr(begin, comma - begin), begin + 1);
        !status.ok()) {
      return status;
    }
    if (comma == list.size()) return absl::OkStatus();
    begin = comma + 1;
  }
}

absl::Status Bad(std::string_view parameter, std::string_view what,
                 std::string_view value, size_t position,
                 std::string_view hint) {
  return absl::InvalidArgumentError(
      absl::StrCat(parameter, ": ", what, " ", base::Quote(value),
                   " at position ", position, "; ", hint));
}

std::string KeyNames() { return absl::StrJoin(ProcessKeyNames(), ", "); }

const ProcessKey* FindKey(std::string_view name) {
  for (const ProcessKey& key : ProcessKeys()) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

// The index of the unbalanced parenthesis in `pattern`: the first closing one
// without an opening one, else the last opening one that is not closed. npos if
// all are balanced.
size_t UnbalancedParenthesis(std::string_view pattern) {
  std::vector<size_t> open;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '[') {
      // A "]" directly after "[" or "[^" is a member of the set.
      i = pattern.find(']', i + (pattern.substr(i + 1, 1) == "^" ? 3 : 2));
      if (i == std::string_view::npos) break;
    } else if (pattern[i] == '(') {
      open.push_back(i);
    } else if (pattern[i] == ')') {
      if (open.empty()) return i;
      open.pop_back();
    }
  }
  return open.empty() ? std::string_view::npos : open.back();
}

// The index of the error that RE2 found in `text`; npos if unknown.
size_t ErrorIndex(std::string_view text, const RE2& pattern) {
  switch (pattern.error_code()) {
    case RE2::ErrorMissingParen:
    case RE2::ErrorUnexpectedParen:
      return UnbalancedParenthesis(text);
    case RE2::ErrorTrailingBackslash:
      return text.size() - 1;
    default:
      // RE2 reports the wrong part but not its position: take the first match.
      return pattern.error_arg().empty() ? std::string_view::npos
                                         : text.find(pattern.error_arg());
  }
}

absl::StatusOr<std::shared_ptr<const RE2>> ParseName(std::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: the expression has ", text.size(),
                     " bytes; at most ", kMaxPatternBytes, " are allowed"));
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kPatternMemoryBytes);
  auto pattern = std::make_shared<const RE2>(text, options);
  if (pattern->ok()) return pattern;
  const size_t at = ErrorIndex(text, *pattern);
  // RE2 appends the wrong part as it is.
  std::string_view reason = pattern->error();
  std::string part;
  if (const std::string& wrong = pattern->error_arg();
      !wrong.empty() && absl::ConsumeSuffix(&reason, wrong)) {
    part = base::Quote(wrong);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "name: bad regular expression",
      at == std::string_view::npos ? std::string()
                                   : absl::StrCat(" at position ", at + 1),
      ": ", reason, part));
}

absl::StatusOr<std::vector<ProcessState>> ParseStates(std::string_view text) {
  std::vector<ProcessState> states;
  absl::Status status = ForEachItem(text, [&](std::string_view name,
                                              size_t position) {
    const std::optional<ProcessState> state = platform::ParseProcessState(name);
    if (!state) {
      return Bad("state", "unknown state", name, position,
                 absl::StrCat("states are ",
                              absl::StrJoin(kProcessStateItem.values(), ", ")));
    }
    states.push_back(*state);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return states;
}

absl::StatusOr<std::vector<int32_t>> ParsePids(std::string_view text) {
  std::vector<int32_t> pids;
  absl::Status status =
      ForEachItem(text, [&](std::string_view item, size_t position) {
        int32_t pid = 0;
        if (item.find_first_not_of("0123456789") != std::string_view::npos ||
            !absl::SimpleAtoi(item, &pid)) {
          return Bad("pid", "bad process id", item, position,
                     "ids are integers separated by commas");
        }
        pids.push_back(pid);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return pids;
}

absl::StatusOr<std::vector<const ProcessKey*>> ParseFields(
    std::optional<std::string_view> text) {
  std::vector<const ProcessKey*> keys;
  std::vector<const ProcessKey*> named;
  if (text) {
    absl::Status status =
        ForEachItem(*text, [&](std::string_view name, size_t position) {
          const ProcessKey* const key = FindKey(name);
          if (key == nullptr) {
            return Bad("fields", "unknown key", name, position,
                       absl::StrCat("keys are ", KeyNames()));
          }
          named.push_back(key);
          return absl::OkStatus();
        });
    if (!status.ok()) return status;
  }
  for (const ProcessKey& key : ProcessKeys()) {
    if (text ? absl::c_linear_search(named, &key) : key.is_default) {
      keys.push_back(&key);
    }
  }
  return keys;
}

}  // namespace

absl::StatusOr<ProcessListQuery> ProcessListQuery::Parse(const Params& params) {
  ProcessListQuery query;
  for (const Parameter* const parameter : kProcessListParameters) {
    // How often a list is made does not change its result.
    if (parameter == &kProcessWatchParameter) continue;
    const auto value = Read(params, *parameter);
    // The size before each value keeps different queries different.
    if (value) {
      absl::StrAppend(&query.text_, parameter->name, "=", value->size(), ":",
                      *value, ";");
    }
  }
  if (const auto text = Read(params, kProcessNameParameter)) {
    auto name = ParseName(*text);
    if (!name.ok()) return name.status();
    query.name_ = *std::move(name);
  }
  if (const auto text = Read(params, kProcessUserParameter)) {
    query.users_ = absl::StrSplit(*text, ',');
  }
  if (const auto text = Read(params, kProcessStateParameter)) {
    auto states = ParseStates(*text);
    if (!states.ok()) return states.status();
    query.states_ = *std::move(states);
  }
  if (const auto text = Read(params, kProcessPidParameter)) {
    auto pids = ParsePids(*text);
    if (!pids.ok()) return pids.status();
    query.pids_ = *std::move(pids);
  }
  if (const auto text = Read(params, kProcessUnitParameter)) {
    for (const std::string_view unit : absl::StrSplit(*text, ',')) {
      query.units_.push_back(UnitName(unit));
    }
  }
  if (const auto text = Read(params, kProcessStackParameter)) {
    query.stacks_ = absl::StrSplit(*text, ',');
  }
  if (const auto text = Read(params, kProcessMinMemoryParameter)) {
    query.min_memory_ = ParseByteSize(*text);
    if (!query.min_memory_) {
      return absl::InvalidArgumentError(
          absl::StrCat("min_memory: ", base::Quote(*text),
                       " is not a number of bytes, such as 1048576, 1024K, 1M "
                       "or 1G"));
    }
  }
  if (const auto text = Read(params, kProcessSortParameter)) {
    query.descending_ = text->starts_with('-');
    const std::string_view name = text->substr(query.descending_ ? 1 : 0);
    query.sort_key_ = FindKey(name);
    if (query.sort_key_ == nullptr) {
      return Bad("sort", "unknown key", name, query.descending_ ? 2 : 1,
                 absl::StrCat("keys are ", KeyNames(),
                              ", each with \"-\" before it to reverse the "
                              "order"));
    }
  }
  auto limit = ReadInteger(params, kProcessLimitParameter);
  if (!limit.ok()) return limit.status();
  query.limit_ = *limit;
  auto keys = ParseFields(Read(params, kProcessFieldsParameter));
  if (!keys.ok()) return keys.status();
  query.keys_ = *std::move(keys);
  return query;
}

bool ProcessListQuery::needs_owners() const {
  return !stacks_.empty() ||
         (sort_key_ != nullptr && sort_key_->needs_owners) ||
         absl::c_any_of(
             keys_, [](const ProcessKey* key) { return key->needs_owners; });
}

platform::ProcessFields ProcessListQuery::ConditionFields() const {
  using platform::ProcessField;
  ProcessFields fields;
  if (name_ != nullptr) fields |= ProcessField::kName;
  if (!users_.empty()) fields |= ProcessField::kUser;
  if (!states_.empty()) fields |= ProcessField::kState;
  if (!units_.empty()) fields |= ProcessField::kCgroup;
  if (!stacks_.empty()) fields |= ProcessOwners::kFields;
  if (min_memory_) fields |= ProcessField::kResidentBytes;
  return fields;
}

platform::ProcessQuery ProcessListQuery::ToPlatform(
    std::shared_ptr<const ProcessOwners> owners) const {
  if (owners == nullptr) owners = std::make_shared<const ProcessOwners>();
  platform::ProcessQuery query;
  query.pids = pids_;
  query.condition_fields = ConditionFields();
  if (!query.condition_fields.empty()) {
    query.condition = [copy = *this, owners](const Process& process) {
      return copy.Matches(process, *owners);
    };
  }
  if (sort_key_ != nullptr) {
    query.order_fields = sort_key_->fields;
    query.order = [key = sort_key_, descending = descending_, owners](
                      const Process& a, const Process& b) {
      return descending ? key->less(b, *owners, a, *owners)
                        : key->less(a, *owners, b, *owners);
    };
  }
  if (limit_) query.limit = static_cast<size_t>(*limit_);
  query.fields = query.condition_fields | query.order_fields;
  for (const ProcessKey* key : keys_) query.fields |= key->fields;
  return query;
}

bool ProcessListQuery::Matches(const Process& process,
                               const ProcessOwners& owners) const {
  if (process.resident_bytes < min_memory_.value_or(-1)) return false;
  if (!units_.empty() &&
      !absl::c_linear_search(units_, platform::UnitOfCgroup(process.cgroup))) {
    return false;
  }
  if (!stacks_.empty()) {
    const RunningInstance* const instance = owners.Find(process);
    if (instance == nullptr ||
        !(absl::c_linear_search(stacks_, instance->stack_uid) ||
          absl::c_linear_search(stacks_, instance->stack_name))) {
      return false;
    }
  }
  return (users_.empty() || absl::c_linear_search(users_, process.user)) &&
         (states_.empty() || absl::c_linear_search(states_, process.state)) &&
         (name_ == nullptr || RE2::PartialMatch(process.name, *name_));
}

}  // namespace tallyman::api
