// Reads from a stream of output the events of the lines that match.

#ifndef TALLYMAN_SERVER_HANDLERS_FILTERED_OUTPUT_H_
#define TALLYMAN_SERVER_HANDLERS_FILTERED_OUTPUT_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/http/body_stream.h"
#include "re2/re2.h"
#include "stacks/output/output_broadcast.h"

namespace tallyman::server {

// Matches what is sent: lines without their secrets. The ring of the process
// stays the same for all followers; each one with an expression looks at the
// events that it reads. Events other than lines pass. A stream that passes over
// lines only gives its signs of life, with the id of the last of them, so that
// a client that comes back does not go over them again.
class FilteredOutput final : public api::BodyStream {
 public:
  FilteredOutput(std::unique_ptr<stacks::OutputFollower> follower,
                 std::shared_ptr<const RE2> grep)
      : follower_(std::move(follower)), grep_(std::move(grep)) {}

  void Start(std::function<void()> wake) override;
  State Read(size_t max_bytes, std::string& out) override;

 private:
  // Appends the events of events_ that pass.
  void Filter(std::string& out);

  const std::unique_ptr<stacks::OutputFollower> follower_;
  const std::shared_ptr<const RE2> grep_;
  std::function<void()> wake_;
  std::string events_;
  std::string line_;
  // The line "id: ..." of the last event, if it did not pass.
  std::string passed_over_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_FILTERED_OUTPUT_H_
