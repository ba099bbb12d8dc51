#include "tally/actions/scale_plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "platform/base/text.h"
#include "tally/actions/count_argument.h"
#include "tally/actions/process_view.h"
#include "tally/actions/server_ref.h"
#include "tally/client/api.h"

namespace tallyman::tally {
namespace {

// The name, or the uid if a shell or the grammar would read the name in another
// way, or another server has it too.
std::string_view TextFor(const ServerRef& server,
                         const std::vector<ServerRef>& servers) {
  const bool is_plain = absl::c_all_of(server.name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' ||
           c == '_' || c == '-';
  });
  const auto same = absl::c_count_if(servers, [&](const ServerRef& other) {
    return other.name == server.name;
  });
  return is_plain && !server.name.empty() && same == 1 ? server.name
                                                       : server.uid;
}

}  // namespace

bool ScaleWish::is_relative() const {
  return absl::c_any_of(counts,
                        [](const Count& count) { return count.is_relative; });
}

bool ScalePlan::stops_all() const {
  return absl::c_all_of(counts,
                        [](const Count& count) { return count.after == 0; }) &&
         absl::c_any_of(counts,
                        [](const Count& count) { return count.before > 0; });
}

absl::StatusOr<std::vector<ScaleWish>> GroupCounts(
    const std::vector<CountArgument>& counts,
    const std::vector<ServerRef>& servers, std::string_view default_server) {
  std::vector<ScaleWish> wishes;
  for (const CountArgument& count : counts) {
    const absl::StatusOr<ServerRef> server = FindServer(
        servers, count.server.empty() ? default_server : count.server);
    if (!server.ok()) return server.status();
    auto wish = absl::c_find_if(wishes, [&](const ScaleWish& other) {
      return other.process == count.process;
    });
    if (wish == wishes.end()) {
      wish = wishes.insert(wishes.end(), {.process = count.process});
    }
    if (absl::c_any_of(wish->counts, [&](const ScaleWish::Count& other) {
          return other.server.uid == server->uid;
        })) {
      return absl::InvalidArgumentError(absl::StrCat(
          base::Quote(count.process), " has two counts for ", server->name));
    }
    wish->counts.push_back({.server = *server,
                            .number = count.number,
                            .is_relative = count.is_relative});
  }
  return wishes;
}

absl::StatusOr<ScalePlan> MakePlan(const ScaleWish& wish,
                                   const ProcessView& process,
                                   std::optional<int64_t> current) {
  ScalePlan plan{.process = wish.process};
  for (const ScaleWish::Count& count : wish.counts) {
    const int64_t before = process.On(count.server.name).desired;
    if (current && before != *current) {
      return absl::FailedPreconditionError(absl::StrCat(
          wish.process, " on ", count.server.name, " has the desired count ",
          before, ", not ", *current, "; nothing was sent for it"));
    }
    const int64_t after =
        count.is_relative ? before + count.number : count.number;
    if (after < 0) {
      return absl::OutOfRangeError(
          absl::StrCat(wish.process, " on ", count.server.name, ": ", before,
                       " and ", count.number, " would be less than 0"));
    }
    plan.counts.push_back(
        {.server = count.server, .before = before, .after = after});
  }
  return plan;
}

Json ScaleBody(const ScalePlan& plan) {
  Json counts = Json::object();
  for (const ScalePlan::Count& count : plan.counts) {
    counts[count.server.uid] = count.after;
  }
  return {{"process_name", plan.process}, {"server_count", std::move(counts)}};
}

std::vector<std::string> DescribePlan(const ScalePlan& plan,
                                      bool names_servers) {
  std::vector<std::string> lines;
  for (const ScalePlan::Count& count : plan.counts) {
    std::string line = plan.process;
    if (names_servers) absl::StrAppend(&line, " on ", count.server.name);
    const int64_t more = count.after - count.before;
    if (more == 0) {
      absl::StrAppend(&line, ": stays at ", count.after);
    } else {
      absl::StrAppend(&line, ": ", count.before, " -> ", count.after,
                      more > 0 ? ", starts " : ", stops ",
                      more > 0 ? more : -more);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string DescribeFormation(const std::vector<ProcessView>& processes,
                              const std::vector<ServerRef>& servers) {
  std::vector<std::string> words;
  for (const ServerRef& server : servers) {
    for (const ProcessView& process : processes) {
      words.push_back(absl::StrCat(
          servers.size() > 1 ? absl::StrCat("@", TextFor(server, servers), ":")
                             : "",
          process.name, "=", process.On(server.name).desired));
    }
  }
  return absl::StrJoin(words, " ");
}

}  // namespace tallyman::tally
