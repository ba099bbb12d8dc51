// An action of a stack, as the API shows it.
//
// Example: tally/actions/action_view_test.cc

#ifndef TALLYMAN_TALLY_ACTIONS_ACTION_VIEW_H_
#define TALLYMAN_TALLY_ACTIONS_ACTION_VIEW_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tally/client/api.h"

namespace tallyman::tally {

// A value type.
struct ActionView {
  int64_t id = 0;
  std::string kind;  // "Process_scale"
  std::string user;  // The name of the token.
  std::string started_at;
  std::string finished_at;  // "": it is still open.
  bool success = false;     // False while it is open.
  std::string message;      // "" while it is open.
  Json json;                // All of it.

  bool has_ended() const { return !finished_at.empty(); }
  // It has ended because a newer one replaces it.
  bool is_superseded() const;
};

// Internal if `json` is no action.
absl::StatusOr<ActionView> ParseAction(const Json& json);

// That of an answer with one: {"response":{...}}.
absl::StatusOr<ActionView> ParseActionAnswer(const Json& answer);

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_ACTIONS_ACTION_VIEW_H_
