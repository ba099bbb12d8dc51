#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/log/check.h"
#include "absl/log/log.h"
#include "absl/status/statusor.h"
#include "api/http/http.h"
#include "api/http/media_type.h"
#include "api/http/params.h"
#include "api/http/request_fields.h"
#include "api/stacks/action_request.h"
#include "nlohmann/json.hpp"
#include "platform/base/text.h"
#include "tools/fuzz/input.h"

namespace tallyman::api {
namespace {

std::string CommandName(ActionRequest::Command command) {
  switch (command) {
    case ActionRequest::Command::kRestart:
      return "restart";
    case ActionRequest::Command::kProcessRestart:
      return "process_restart";
    case ActionRequest::Command::kProcessPause:
      return "process_pause";
    case ActionRequest::Command::kProcessResume:
      return "process_resume";
    case ActionRequest::Command::kProcessSignal:
      return "process_signal";
  }
  LOG(FATAL) << "not a command";
}

void TestActionRequest(const Request& request) {
  const absl::StatusOr<ActionRequest> action = ParseActionRequest(request);
  if (!action.ok()) {
    fuzz::CheckClientError(action.status());
    return;
  }
  CHECK(HasSupportedBodyType(request));
  if (action->command == ActionRequest::Command::kRestart) {
    CHECK(action->process_name.empty());
  } else {
    CHECK(!action->process_name.empty() || !action->server_uid.empty());
  }
  if (base::FindInvalidUtf8(action->process_name) ||
      base::FindInvalidUtf8(action->server_uid)) {
    return;  // JSON cannot hold them.
  }
  nlohmann::json json = {{"command", CommandName(action->command)}};
  if (!action->process_name.empty()) {
    json["process_name"] = action->process_name;
  }
  if (!action->server_uid.empty()) json["server_uid"] = action->server_uid;
  if (action->instance != 0) json["instance"] = action->instance;
  if (!action->signal.empty()) json["signal"] = action->signal;
  const std::string body = json.dump();
  const absl::StatusOr<ActionRequest> again = ParseActionRequest(
      {.headers = {{"Content-Type", kJsonMediaType}}, .body = body});
  CHECK_OK(again);
  CHECK(again->command == action->command);
  CHECK_EQ(again->process_name, action->process_name);
  CHECK_EQ(again->server_uid, action->server_uid);
  CHECK_EQ(again->instance, action->instance);
  CHECK_EQ(again->signal, action->signal);
}

}  // namespace
}  // namespace tallyman::api

// A line with the Content-Type, one with the query; then the body.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tallyman::fuzz::Input input(data, size);
  tallyman::api::Request request;
  request.headers = {{"Content-Type", input.TakeLine()}};
  request.params = tallyman::api::Params::Parse(input.TakeLine());
  request.body = input.rest();
  tallyman::api::TestActionRequest(request);
  return 0;
}
