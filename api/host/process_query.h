// What a client asks of a list of processes: filters, order, number and fields,
// as parameters of GET /server/processes.

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
#include "api/http/params.h"
#include "api/json/json_writer.h"
#include "api/redaction/redaction.h"
#include "platform/process.h"
#include "re2/re2.h"

namespace tallyman::api {

// What rendering needs beside the process.
struct ProcessFormat {
  const Redactor& redactor;
  absl::TimeZone zone;
};

// One key of a process in JSON. There is one table of them, which says
// everything that depends on the key.
struct ProcessKey {
  std::string_view name;
  // What has to be read for it.
  platform::ProcessFields fields;
  // True for the documented keys, which are there unless others are asked for.
  bool is_default;
  void (*write)(const platform::Process& process, const ProcessFormat& format,
                JsonWriter& json);
  bool (*less)(const platform::Process& a, const platform::Process& b);
};

// All keys, in the order in which they are written.
absl::Span<const ProcessKey> ProcessKeys();

// A query that has been checked. Copyable.
class ProcessListQuery {
 public:
  // Reads `name`, `user`, `state`, `pid`, `sort`, `limit` and `fields`; other
  // parameters are not looked at. InvalidArgument names the parameter, what was
  // wrong with it and at which position of its value (the first is 1).
  static absl::StatusOr<ProcessListQuery> Parse(const Params& params);

  // What has to be read to answer it: what is listed then is the answer. Keeps
  // what it needs, so it may outlive this query.
  platform::ProcessQuery ToPlatform() const;

  // The parameters, in a form of its own: queries with the same text have the
  // same answer.
  const std::string& text() const { return text_; }

  // The keys to write.
  absl::Span<const ProcessKey* const> keys() const { return keys_; }

 private:
  bool Matches(const platform::Process& process) const;

  std::string text_;
  std::shared_ptr<const RE2> name_;  // Null: any name.
  std::vector<std::string> users_;   // Empty: any user; likewise states_.
  std::vector<platform::ProcessState> states_;
  std::optional<std::vector<int32_t>> pids_;
  const ProcessKey* sort_key_ = nullptr;  // Null: by pid.
  bool descending_ = false;
  std::optional<int64_t> limit_;
  std::vector<const ProcessKey*> keys_;
};

}  // namespace tallyman::api

#endif  // TALLYMAN_API_HOST_PROCESS_QUERY_H_
