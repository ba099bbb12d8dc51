// The table of the keys of a process: a key is one row of kKeys, and needs a
// field in platform/process.h that platform/linux/ reads.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/host/process_parameters.h"
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
using platform::ProcessState;

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
constexpr ProcessKey Key(std::string_view name, const Schema& schema,
                         ProcessFields fields, bool is_default) {
  return {name, schema, fields, is_default, Write<Member>, Less<Member>};
}

// A number that is -1 if the system does not show it.
constexpr Schema Size(std::string_view description, std::string_view example) {
  return Integer(description, example, -1);
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
    Key<&Process::name>("name",
                        String("The kernel's name of the task; \"\" if it is "
                               "unknown.",
                               "nginx"),
                        ProcessField::kName, true),
    {"command_line",
     String("The arguments, joined with spaces; \"\" for threads of the "
            "kernel. Bytes that are not UTF-8 are U+FFFD.",
            "nginx: worker process"),
     ProcessField::kArguments, true, WriteCommandLine,
     Less<&Process::arguments>},
    Key<&Process::num_threads>("num_threads",
                               Size("Threads; -1 if unknown.", "1"),
                               ProcessField::kNumThreads, true),
    {"state",
     OneOf(EnumNames<platform::ProcessStateName, ProcessState::kUnknown,
                     ProcessState::kParked>,
           String("The state; \"\" if it is unknown.", "sleeping")),
     ProcessField::kState, true, WriteState, StateLess},
    Key<&Process::resident_bytes>(
        "memory",
        Size("Resident bytes; 0 without an address space, -1 if unknown.",
             "12349440"),
        ProcessField::kResidentBytes, true),
    Key<&Process::peak_resident_bytes>(
        "peak_memory",
        Size("The most resident bytes so far; -1 if unknown.", "13832192"),
        ProcessField::kPeakResidentBytes, true),
    Key<&Process::pid>("pid", Integer("The process id.", "812", 0),
                       ProcessFields(), true),
    Key<&Process::user>("user",
                        String("The name of the effective owner, or its id if "
                               "it has no name; \"\" if unknown.",
                               "www-data"),
                        ProcessField::kUser, true),
    Key<&Process::storage_read_bytes>(
        "io_bytes_read",
        Size("Bytes read from storage; -1 if the system does not show them.",
             "0"),
        ProcessField::kStorageIo, true),
    Key<&Process::storage_written_bytes>(
        "io_bytes_written",
        Size("Bytes written to storage; -1 if the system does not show them.",
             "4096"),
        ProcessField::kStorageIo, true),
    Key<&Process::parent_pid>(
        "ppid", Size("Only on request: the id of the parent.", "1"),
        ProcessField::kParentPid, false),
    {"start_time",
     String("Only on request: the start, in ISO 8601 with milliseconds; \"\" "
            "if unknown.",
            "2026-11-22T00:10:09.512+01:00"),
     ProcessField::kStartTime, false, WriteStartTime,
     Less<&Process::start_ticks>},
    {"cpu_seconds",
     Number("Only on request: processor time so far; -1 if unknown.", "12.75"),
     ProcessField::kCpuTime, false, WriteCpuSeconds, Less<&Process::cpu_time>},
    Key<&Process::virtual_bytes>(
        "virtual_memory",
        Size("Only on request: bytes of the address space; -1 if unknown.",
             "58720256"),
        ProcessField::kVirtualBytes, false),
}};

// All keys are optional: the parameter `fields` chooses them.
constexpr auto kFields = [] {
  std::array<Field, kKeys.size()> fields = {};
  for (size_t i = 0; i < kKeys.size(); ++i) {
    fields[i] = {kKeys[i].name, kKeys[i].schema, kOptional};
  }
  return fields;
}();

}  // namespace

constexpr Schema kHostProcessSchema =
    Object("HostProcess", "A process of the machine.", kFields);

absl::Span<const ProcessKey> ProcessKeys() { return kKeys; }

absl::Span<const std::string_view> ProcessKeyNames() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, kKeys.size()> names;
    for (size_t i = 0; i < kKeys.size(); ++i) names[i] = kKeys[i].name;
    return names;
  }();
  return kNames;
}

absl::Span<const std::string_view> ProcessSortNames() {
  static const std::vector<std::string>& texts = *[] {
    auto* const made = new std::vector<std::string>;
    for (const ProcessKey& key : kKeys) {
      made->emplace_back(key.name);
      made->push_back(absl::StrCat("-", key.name));
    }
    return made;
  }();
  static const std::vector<std::string_view>& names =
      *new std::vector<std::string_view>(texts.begin(), texts.end());
  return names;
}

}  // namespace tallyman::api
