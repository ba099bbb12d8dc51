#include "tally/commands/ps_request.h"

#include <cstddef>
#include <cstdint>
#include <iterator>
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
#include "api/host/process_filters.h"
#include "platform/base/text.h"
#include "tally/cli/command.h"
#include "tally/client/api.h"
#include "tally/commands/session.h"
#include "tally/commands/stack_lookup.h"
#include "tally/processes/arrange.h"
#include "tally/processes/process_columns.h"
#include "tally/processes/process_filter.h"
#include "tally/processes/process_record.h"
#include "tally/terminal/output.h"

namespace tallyman::tally {
namespace {

constexpr std::string_view kDefaultInterval = "2s";

// The keys of JSON without --fields: those that the API has by default.
constexpr std::string_view kDefaultKeys[] = {
    "name",          "command_line",    "num_threads", "state",
    "memory",        "peak_memory",     "pid",         "user",
    "io_bytes_read", "io_bytes_written"};

// An option, and the parameter of the API with the same meaning.
struct FilterOption {
  std::string_view option;
  std::string_view parameter;
};

constexpr FilterOption kFilterOptions[] = {{"user", "user"},
                                           {"state", "state"},
                                           {"unit", "unit"},
                                           {"stack", "stack"},
                                           {"min-memory", "min_memory"}};

std::vector<std::string> Split(std::string_view text) {
  return absl::StrSplit(text, ',', absl::SkipEmpty());
}

void AddMissing(const std::vector<std::string>& from,
                std::vector<std::string>& fields) {
  for (const std::string& field : from) {
    if (!absl::c_linear_search(fields, field)) fields.push_back(field);
  }
}

// The values of an option that may be repeated, separated by commas.
std::string Joined(const Invocation& arguments, std::string_view option) {
  return absl::StrJoin(arguments.Values(option), ",");
}

absl::StatusOr<StackNames> NamesOfStacks(Session& session) {
  absl::StatusOr<Api*> api = session.api();
  if (!api.ok()) return api.status();
  absl::StatusOr<std::vector<StackRef>> stacks = AllStacks(**api);
  if (!stacks.ok()) return stacks.status();
  StackNames names;
  for (const StackRef& stack : *stacks) names[stack.uid] = stack.name;
  return names;
}

// The uids of stacks that --stack names.
absl::StatusOr<std::vector<std::string>> UidsOf(Session& session,
                                                const std::string& texts) {
  absl::StatusOr<StackNames> names = NamesOfStacks(session);
  if (!names.ok()) return names.status();
  std::vector<std::string> uids;
  for (const std::string& text : Split(texts)) {
    for (const auto& [uid, name] : *names) {
      if (uid == text || name == text) uids.push_back(uid);
    }
  }
  return uids;
}

// Filters that the server would apply become terms of tally's own, since a tree
// also shows ancestors that do not match.
absl::Status AddTerms(Session& session, ProcessFilter& filter) {
  const Invocation& arguments = session.arguments();
  for (const std::string_view key : {"user", "state"}) {
    if (!arguments.Has(key)) continue;
    filter.AddEqual(key, Split(Joined(arguments, key)));
  }
  if (arguments.Has("unit")) {
    std::vector<std::string> units = Split(Joined(arguments, "unit"));
    for (std::string& unit : units) unit = api::UnitName(unit);
    filter.AddEqual("unit", std::move(units));
  }
  if (arguments.Has("stack")) {
    absl::StatusOr<std::vector<std::string>> uids =
        UidsOf(session, Joined(arguments, "stack"));
    if (!uids.ok()) return uids.status();
    filter.AddEqual("stack", *std::move(uids));
  }
  if (const std::optional<std::string> text = arguments.Value("min-memory")) {
    const std::optional<int64_t> bytes = api::ParseByteSize(*text);
    if (!bytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--min-memory: ", base::Quote(*text), " is no size, as 100M"));
    }
    filter.AddAtLeast("memory", static_cast<double>(*bytes));
  }
  return absl::OkStatus();
}

absl::Status ReadLimit(const Invocation& arguments, size_t& limit) {
  const std::optional<std::string> text = arguments.Value("limit");
  if (!text) return absl::OkStatus();
  uint32_t number = 0;
  if (!absl::SimpleAtoi(*text, &number) || number == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--limit: ", base::Quote(*text), " is no number from 1 on"));
  }
  limit = number;
  return absl::OkStatus();
}

absl::Status ReadColumns(Session& session, PsRequest& request) {
  const Invocation& arguments = session.arguments();
  const bool is_json = session.out().is_json();
  if (const std::optional<std::string> text = arguments.Value("fields")) {
    absl::StatusOr<ProcessColumns> columns = ParseColumns(*text);
    if (!columns.ok()) return columns.status();
    if (!is_json) {
      request.columns = *std::move(columns);
      return absl::OkStatus();
    }
    for (const ProcessColumn* const column : *columns) {
      const std::string name(column->name);
      if (name == "cpu" || name == "age") {
        return absl::InvalidArgumentError(absl::StrCat(
            "--fields: ", name,
            " is for tables; with --json take cpu_seconds and start_time"));
      }
      request.keys.push_back(name);
    }
    return absl::OkStatus();
  }
  if (is_json) {
    request.keys.assign(std::begin(kDefaultKeys), std::end(kDefaultKeys));
    if (request.arrangement.is_tree) request.keys.emplace_back("ppid");
    return absl::OkStatus();
  }
  request.columns = LayoutFor({.columns = session.out().columns(),
                               .is_tree = request.arrangement.is_tree,
                               .has_instances = arguments.Has("stack")});
  return absl::OkStatus();
}

absl::Status ReadFilter(Session& session, PsRequest& request) {
  const Invocation& arguments = session.arguments();
  const std::string text = absl::StrJoin(arguments.Values("FILTER"), " ");
  StackNames names;
  if (ProcessFilter::NamesStacks(text)) {
    absl::StatusOr<StackNames> found = NamesOfStacks(session);
    if (!found.ok()) return found.status();
    names = *std::move(found);
  }
  absl::StatusOr<ProcessFilter> filter = ProcessFilter::Parse(text, names);
  if (!filter.ok()) return filter.status();
  if (request.arrangement.is_tree) {
    request.arrangement.filter = *std::move(filter);
    return AddTerms(session, request.arrangement.filter);
  }
  for (const auto& [option, parameter] : kFilterOptions) {
    if (!arguments.Has(option)) continue;
    request.query.emplace_back(parameter, Joined(arguments, option));
  }
  request.arrangement.filter = filter->MoveTo(request.query);
  return absl::OkStatus();
}

// Lets the server sort and limit if it can.
void MoveOrder(PsRequest& request) {
  Arrangement& arrangement = request.arrangement;
  const ProcessOrder& order = arrangement.order;
  if (arrangement.is_tree || order.key == "cpu" || order.key == "age") return;
  // A stream has an order only for its limit.
  const bool limits = arrangement.limit != 0 && arrangement.filter.empty();
  if (request.watches && !limits) return;
  arrangement.is_sorted = !request.watches;
  // By pid is how the server lists anyway.
  if (order.key != "pid" || order.descending || request.watches) {
    request.query.emplace_back(
        "sort", absl::StrCat(order.descending ? "-" : "", order.key));
  }
  if (!limits) return;
  request.query.emplace_back("limit", absl::StrCat(arrangement.limit));
}

}  // namespace

absl::StatusOr<PsRequest> MakePsRequest(Session& session) {
  const Invocation& arguments = session.arguments();
  PsRequest request;
  request.watches = arguments.Has("watch");
  request.interval = arguments.ValueOr("watch", "");
  if (request.interval.empty()) request.interval = kDefaultInterval;
  Arrangement& arrangement = request.arrangement;
  arrangement.is_tree = arguments.Has("tree");
  arrangement.order =
      ParseOrder(arguments.ValueOr("sort", request.watches ? "-cpu" : "pid"));
  absl::Status status = CheckColumnName("--sort", arrangement.order.key);
  if (status.ok()) status = ReadLimit(arguments, arrangement.limit);
  if (status.ok()) status = ReadColumns(session, request);
  if (status.ok()) status = ReadFilter(session, request);
  if (!status.ok()) return status;
  MoveOrder(request);
  std::vector<std::string> fields = FieldsOf(request.columns);
  AddMissing(request.keys, fields);
  AddMissing(arrangement.filter.Fields(), fields);
  if (!arrangement.is_sorted) AddMissing(FieldsOf(arrangement.order), fields);
  if (arrangement.is_tree) AddMissing({"pid", "ppid"}, fields);
  request.query.emplace_back("fields", absl::StrJoin(fields, ","));
  return request;
}

Json ProcessesJson(const std::vector<const ProcessRecord*>& rows,
                   const std::vector<std::string>& keys) {
  Json list = Json::array();
  for (const ProcessRecord* const row : rows) {
    Json process = Json::object();
    for (const auto& [key, value] : row->p.items()) {
      if (absl::c_linear_search(keys, key)) process[key] = value;
    }
    list.push_back(std::move(process));
  }
  return list;
}

}  // namespace tallyman::tally
