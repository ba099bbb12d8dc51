#include "api/host/process_stream.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/parameter.h"
#include "api/description/schema.h"
#include "api/host/process_changes.h"
#include "api/host/process_owners.h"
#include "api/host/process_parameters.h"
#include "api/host/process_query.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "platform/base/text.h"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using platform::Process;

// The usual size of one process with the default keys and its start time, so
// that the string seldom reallocates.
constexpr size_t kBytesPerProcess = 384;
constexpr size_t kFrameBytes = 128;

void WriteKeys(const Process& process, absl::Span<const ProcessKey* const> keys,
               const ProcessFormat& format, JsonWriter& json) {
  for (const ProcessKey* const key : keys) {
    json.Key(key->name);
    key->write(process, format, json);
  }
}

void WriteProcess(const Process& process,
                  absl::Span<const ProcessKey* const> keys,
                  const ProcessFormat& format, JsonWriter& json) {
  json.BeginObject();
  WriteKeys(process, keys, format, json);
  json.EndObject();
}

// The beginning of an event, up to the first member after its time.
void Begin(std::string_view type, absl::Time time, const ProcessFormat& format,
           JsonWriter& json, std::string& out) {
  absl::StrAppend(&out, "event: ", type, "\ndata: ");
  json.BeginObject();
  json.Key("time");
  json.String(LocalTimestampMillis(time, format.zone));
}

// JSON text has no line ends: they are escaped in strings.
void End(JsonWriter& json, std::string& out) {
  json.EndObject();
  out += "\n\n";
}

}  // namespace

constexpr Schema kProcessStreamSchema = String(
    "With `watch`: server-sent events. The first is a `snapshot` of the "
    "processes; each `difference` has those that `entered` the list, the "
    "`changed` keys of others, and those that are `gone`. Each process has "
    "`pid` and `start_time`, which identify it. Another `snapshot` replaces "
    "everything before it. `data` is one JSON object.",
    "event: snapshot\n"
    "data: {\"time\":\"2026-11-22T00:10:11.204+01:00\",\"processes\":["
    "{\"name\":\"nginx\",\"pid\":812,"
    "\"start_time\":\"2026-11-22T00:10:09.512+01:00\"}]}\n\n"
    "event: difference\n"
    "data: {\"time\":\"2026-11-22T00:10:13.204+01:00\",\"entered\":[],"
    "\"changed\":[],\"gone\":[{\"pid\":812,"
    "\"start_time\":\"2026-11-22T00:10:09.512+01:00\"}]}\n\n");

absl::StatusOr<std::optional<absl::Duration>> ParseWatch(const Params& params) {
  const std::optional<std::string_view> text =
      Read(params, kProcessWatchParameter);
  if (!text) return std::nullopt;
  absl::Duration interval;
  if (!absl::ParseDuration(*text, &interval) || interval < kMinWatchInterval ||
      interval > kMaxWatchInterval) {
    return absl::InvalidArgumentError(absl::StrCat(
        kProcessWatchParameter.name, ": ", base::Quote(*text),
        " is not an interval from ", absl::FormatDuration(kMinWatchInterval),
        " to ", absl::FormatDuration(kMaxWatchInterval), ", such as 2s"));
  }
  if (Read(params, kProcessSortParameter) &&
      !Read(params, kProcessLimitParameter)) {
    return absl::InvalidArgumentError(absl::StrCat(
        kProcessSortParameter.name, ": a stream has no order; add ",
        kProcessLimitParameter.name,
        " to watch the first processes in this order, or leave it out"));
  }
  return interval;
}

platform::ProcessQuery ToWatchQuery(
    const ProcessListQuery& query,
    std::shared_ptr<const ProcessOwners> owners) {
  platform::ProcessQuery watched = query.ToPlatform(std::move(owners));
  watched.fields |= platform::ProcessField::kStartTime;
  return watched;
}

void AppendProcessSnapshot(absl::Span<const Process> processes,
                           absl::Span<const ProcessKey* const> keys,
                           const ProcessFormat& format, absl::Time time,
                           std::string& out) {
  out.reserve(out.size() + processes.size() * kBytesPerProcess + kFrameBytes);
  JsonWriter json(out);
  Begin("snapshot", time, format, json, out);
  json.Key("processes");
  json.BeginArray();
  for (const Process& process : processes) {
    WriteProcess(process, keys, format, json);
  }
  json.EndArray();
  End(json, out);
}

void AppendProcessDifference(const ProcessChanges& changes,
                             absl::Span<const ProcessKey* const> keys,
                             const ProcessFormat& format, absl::Time time,
                             std::string& out) {
  static const auto& identity =
      *new std::vector<const ProcessKey*>(WithIdentityKeys({}));
  JsonWriter json(out);
  Begin("difference", time, format, json, out);
  json.Key("entered");
  json.BeginArray();
  for (const Process* const process : changes.entered) {
    WriteProcess(*process, keys, format, json);
  }
  json.EndArray();
  json.Key("changed");
  json.BeginArray();
  for (const ProcessChange& change : changes.changed) {
    json.BeginObject();
    WriteKeys(*change.process, identity, format, json);
    WriteKeys(*change.process, change.keys, format, json);
    json.EndObject();
  }
  json.EndArray();
  json.Key("gone");
  json.BeginArray();
  for (const Process* const process : changes.gone) {
    WriteProcess(*process, identity, format, json);
  }
  json.EndArray();
  End(json, out);
}

}  // namespace tallyman::api
