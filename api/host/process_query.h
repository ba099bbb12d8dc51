// The parameters of GET /server/processes: filters, order, limit and fields.
// The table in process_keys.cc has the keys that they name.

#ifndef TALLYMAN_API_HOST_PROCESS_QUERY_H_
#define TALLYMAN_API_HOST_PROCESS_QUERY_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "api/description/schema.h"
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "platform/process.h"
#include "re2/re2.h"

namespace tallyman::api {

// The settings of rendering. `redactor` must outlive the format.
struct ProcessFormat {
  const Redactor& redactor;
  absl::TimeZone zone;
};

// One key of a process in JSON: a row of the one table of keys, which
// parsing, sorting, rendering and the description share.
struct ProcessKey {
  std::string_view name;
  Schema schema;
  // The fields to read from the system.
  platform::ProcessFields fields;
  // Whether the key is written when the query has no `fields`.
  bool is_default;
  void (*write)(const platform::Process& process, const ProcessFormat& format,
                JsonWriter& json);
  bool (*less)(const platform::Process& a, const platform::Process& b);
};

// All keys, in the order of the output.
absl::Span<const ProcessKey> ProcessKeys();

// A process in JSON.
extern const Schema kHostProcessSchema;

// A valid query. Copyable; thread-safe once made.
class ProcessListQuery {
 public:
  // Reads kProcessListParameters; ignores other parameters. InvalidArgument
  // names the parameter, the error and its position in the value (from 1).
  static absl::StatusOr<ProcessListQuery> Parse(const Params& params);

  // The query for the platform, which filters, sorts and limits. It copies this
  // query, so it may outlive it.
  platform::ProcessQuery ToPlatform() const;

  // A normal form of the parameters: queries with equal texts have equal
  // results.
  const std::string& text() const { return text_; }

  // The keys to write, in the order of the output.
  absl::Span<const ProcessKey* const> keys() const { return keys_; }

 private:
  bool Matches(const platform::Process& process) const;

  std::string text_;
  std::shared_ptr<const RE2> name_;             // Null: any name.
  std::vector<std::string> users_;              // Empty: any user.
  std::vector<platform::ProcessState> states_;  // Empty: any state.
  std::optional<std::vector<int32_t>> pids_;    // nullopt: all.
  const ProcessKey* sort_key_ = nullptr;        // Null: by pid.
  bool descending_ = false;
  std::optional<int64_t> limit_;
  std::vector<const ProcessKey*> keys_;
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_QUERY_H_
