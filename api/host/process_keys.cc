// The table of the keys of a process: a key is one row of kKeys, and needs a
// field in platform/process.h that platform/linux/ reads.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/host/process_query.h"
#include "api/json/json_writer.h"
#include "api/json/timestamp.h"
#include "api/redaction/redaction.h"
#include "platform/process.h"

namespace tallyman::api {
namespace {

using platform::Process;
using platform::ProcessField;
using platform::ProcessFields;

// Writes a member that is an integer or a string.
template <auto Member>
void Write(const Process& process, const ProcessFormat& /*format*/,
           JsonWriter& json) {
  if constexpr (std::is_integral_v<std::decay_t<decltype(process.*Member)>>) {
    json.Int(process.*Member);
  } else {
    json.String(process.*Member);
  }
}

template <auto Member>
bool Less(const Process& a, const Process& b) {
  return a.*Member < b.*Member;
}

template <auto Member>
constexpr ProcessKey Key(std::string_view name, ProcessFields fields,
                         bool is_default) {
  return {name, fields, is_default, Write<Member>, Less<Member>};
}

void WriteCommandLine(const Process& process, const ProcessFormat& format,
                      JsonWriter& json) {
  json.String(format.redactor.CommandLine(process.arguments));
}

void WriteState(const Process& process, const ProcessFormat& /*format*/,
                JsonWriter& json) {
  json.String(platform::ProcessStateName(process.state));
}

bool StateLess(const Process& a, const Process& b) {
  return platform::ProcessStateName(a.state) <
         platform::ProcessStateName(b.state);
}

void WriteStartTime(const Process& process, const ProcessFormat& format,
                    JsonWriter& json) {
  json.String(process.start_time == absl::InfinitePast()
                  ? std::string()
                  : LocalTimestampMillis(process.start_time, format.zone));
}

void WriteCpuSeconds(const Process& process, const ProcessFormat& /*format*/,
                     JsonWriter& json) {
  if (process.cpu_time < absl::ZeroDuration()) {
    json.Int(-1);
  } else {
    json.Double(absl::ToDoubleSeconds(process.cpu_time));
  }
}

constexpr std::array<ProcessKey, 14> kKeys = {{
    Key<&Process::name>("name", ProcessField::kName, true),
    {"command_line", ProcessField::kArguments, true, WriteCommandLine,
     Less<&Process::arguments>},
    Key<&Process::num_threads>("num_threads", ProcessField::kNumThreads, true),
    {"state", ProcessField::kState, true, WriteState, StateLess},
    Key<&Process::resident_bytes>("memory", ProcessField::kResidentBytes, true),
    Key<&Process::peak_resident_bytes>("peak_memory",
                                       ProcessField::kPeakResidentBytes, true),
    Key<&Process::pid>("pid", ProcessFields(), true),
    Key<&Process::user>("user", ProcessField::kUser, true),
    Key<&Process::storage_read_bytes>("io_bytes_read", ProcessField::kStorageIo,
                                      true),
    Key<&Process::storage_written_bytes>("io_bytes_written",
                                         ProcessField::kStorageIo, true),
    Key<&Process::parent_pid>("ppid", ProcessField::kParentPid, false),
    {"start_time", ProcessField::kStartTime, false, WriteStartTime,
     Less<&Process::start_ticks>},
    {"cpu_seconds", ProcessField::kCpuTime, false, WriteCpuSeconds,
     Less<&Process::cpu_time>},
    Key<&Process::virtual_bytes>("virtual_memory", ProcessField::kVirtualBytes,
                                 false),
}};

}  // namespace

absl::Span<const ProcessKey> ProcessKeys() { return kKeys; }

}  // namespace tallyman::api
