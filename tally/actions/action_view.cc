#include "tally/actions/action_view.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "platform/base/text.h"
#include "tally/client/api.h"

namespace tallyman::tally {

bool ActionView::is_superseded() const {
  return has_ended() && !success && absl::StartsWith(message, "superseded");
}

absl::StatusOr<ActionView> ParseAction(const Json& json) {
  const auto id = json.is_object() ? json.find("id") : json.end();
  if (id == json.end() || !id->is_number_integer()) {
    return absl::InternalError(
        absl::StrCat("the server's answer has no action, but ",
                     base::Quote(json.dump(-1, ' ', false,
                                           Json::error_handler_t::replace))));
  }
  const auto text = [&json](const char* key) -> std::string {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>()
                                                     : "";
  };
  const auto success = json.find("finished_success");
  return ActionView{.id = id->get<int64_t>(),
                    .kind = text("action"),
                    .user = text("user"),
                    .started_at = text("started_at"),
                    .finished_at = text("finished_at"),
                    .success = success != json.end() && success->is_boolean() &&
                               success->get<bool>(),
                    .message = text("finished_message"),
                    .json = json};
}

absl::StatusOr<ActionView> ParseActionAnswer(const Json& answer) {
  if (answer.is_object()) {
    if (const auto found = answer.find("response"); found != answer.end()) {
      return ParseAction(*found);
    }
  }
  return ParseAction(answer);
}

}  // namespace tallyman::tally
