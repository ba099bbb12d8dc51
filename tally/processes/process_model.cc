#include "tally/processes/process_model.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "tally/processes/process_record.h"

namespace tallyman::tally {
namespace {

using Json = nlohmann::ordered_json;

// A share over more time than this says nothing about now; over less time it is
// too coarse, since the clock of processes ticks each 10 ms.
constexpr absl::Duration kMaxSpan = absl::Seconds(130);
constexpr absl::Duration kMinSpan = absl::Milliseconds(400);

// The share between two values of cpu_seconds. NaN: unknown.
double ShareOf(double before, double now, absl::Duration span) {
  if (span <= absl::ZeroDuration() || span > kMaxSpan) return kUnknownShare;
  const double share = (now - before) / absl::ToDoubleSeconds(span);
  return std::isnan(share) ? share : std::max(0.0, share);
}

bool IsProcess(const Json& value) {
  if (!value.is_object()) return false;
  const auto pid = value.find("pid");
  const auto start = value.find("start_time");
  return pid != value.end() && pid->is_number_integer() &&
         start != value.end() && start->is_string();
}

// The list of processes at a key; null if there is none.
Json* ListAt(Json& data, std::string_view key) {
  const auto found = data.find(key);
  if (found == data.end() || !found->is_array() ||
      !absl::c_all_of(*found, IsProcess)) {
    return nullptr;
  }
  return &*found;
}

}  // namespace

absl::Status ProcessModel::Apply(std::string_view type, std::string_view data) {
  if (type != "snapshot" && type != "difference") return absl::OkStatus();
  Json json = Json::parse(data, nullptr, false);
  absl::Time time = absl::InfinitePast();
  if (json.is_object() && json.contains("time") && json["time"].is_string()) {
    time = ParseServerTime(json["time"].get_ref<const std::string&>());
  }
  if (time == absl::InfinitePast()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the stream has a ", type, " without a time"));
  }
  const absl::Duration span =
      time_ == absl::InfinitePast() ? absl::ZeroDuration() : time - time_;
  time_ = time;
  if (type == "difference") return Change(json, span);
  Json* const processes = ListAt(json, "processes");
  if (processes == nullptr) {
    return absl::InvalidArgumentError(
        "the stream has a snapshot without processes");
  }
  Replace(*processes, span);
  return absl::OkStatus();
}

void ProcessModel::Replace(Json& processes, absl::Duration span) {
  std::vector<ProcessRecord> old = std::exchange(records_, {});
  const absl::flat_hash_map<int64_t, size_t> old_by_pid =
      std::exchange(by_pid_, {});
  for (Json& process : processes) {
    Enter(std::move(process));
    ProcessRecord& record = records_.back();
    const auto found = old_by_pid.find(IntegerOf(record, "pid"));
    if (found == old_by_pid.end()) continue;
    const ProcessRecord& before = old[found->second];
    if (TextOf(before, "start_time") != TextOf(record, "start_time")) continue;
    record.cpu = span < kMinSpan
                     ? before.cpu
                     : ShareOf(NumberOf(before, "cpu_seconds"),
                               NumberOf(record, "cpu_seconds"), span);
  }
}

absl::Status ProcessModel::Change(Json& difference, absl::Duration span) {
  Json* const entered = ListAt(difference, "entered");
  Json* const changed = ListAt(difference, "changed");
  Json* const gone = ListAt(difference, "gone");
  if (entered == nullptr || changed == nullptr || gone == nullptr) {
    return absl::InvalidArgumentError(
        "the stream has a difference that is not one");
  }
  // A process that is not among the changed ones has used nothing.
  for (ProcessRecord& record : records_) {
    const double seconds = NumberOf(record, "cpu_seconds");
    record.cpu = ShareOf(seconds, seconds, span);
  }
  for (Json& change : *changed) {
    ProcessRecord* const record = Find(change);
    if (record == nullptr) continue;
    const double before = NumberOf(*record, "cpu_seconds");
    record->p.update(change);
    record->cpu = ShareOf(before, NumberOf(*record, "cpu_seconds"), span);
  }
  for (const Json& process : *gone) {
    if (const ProcessRecord* const record = Find(process)) Remove(*record);
  }
  for (Json& process : *entered) Enter(std::move(process));
  return absl::OkStatus();
}

void ProcessModel::Enter(Json process) {
  ProcessRecord record{.p = std::move(process)};
  by_pid_[IntegerOf(record, "pid")] = records_.size();
  records_.push_back(std::move(record));
}

ProcessRecord* ProcessModel::Find(const Json& process) {
  const auto found = by_pid_.find(process["pid"].get<int64_t>());
  if (found == by_pid_.end()) return nullptr;
  ProcessRecord& record = records_[found->second];
  return record.p["start_time"] == process["start_time"] ? &record : nullptr;
}

void ProcessModel::Remove(const ProcessRecord& record) {
  const auto found = by_pid_.find(IntegerOf(record, "pid"));
  const size_t index = found->second;
  by_pid_.erase(found);
  if (index + 1 != records_.size()) {
    records_[index] = std::move(records_.back());
    by_pid_[IntegerOf(records_[index], "pid")] = index;
  }
  records_.pop_back();
}

}  // namespace tallyman::tally
