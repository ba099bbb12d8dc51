// Server-sent events, from pieces of a stream of bytes.
//
// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html,
// "Interpreting an event stream".

#ifndef TALLYMAN_TALLY_CLIENT_EVENT_PARSER_H_
#define TALLYMAN_TALLY_CLIENT_EVENT_PARSER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tallyman::tally {

struct StreamEvent {
  std::string type;  // "message" if the stream names none.
  std::string data;  // Lines joined by "\n".
  std::string id;    // The last id of the stream so far; "" for none.
};

// Thread-compatible.
class EventParser {
 public:
  // An event with more bytes of data, or of a line, is dropped whole.
  explicit EventParser(size_t max_event_bytes = size_t{64} << 20)
      : max_event_bytes_(max_event_bytes) {}

  // Calls `on_event` for each event that `piece` completes. False as soon as
  // `on_event` is: the rest of the piece is then dropped.
  bool Read(std::string_view piece,
            const std::function<bool(const StreamEvent&)>& on_event);

  // With which a client connects again: the id of the last complete event, also
  // of one that has nothing but an id. "" for none.
  const std::string& last_id() const { return last_id_; }

 private:
  // Takes a line without its end. True if it completes an event.
  bool TakeLine();
  // Begins the next event; the id stays.
  void Reset();

  const size_t max_event_bytes_;
  std::string line_;
  bool after_cr_ = false;
  StreamEvent event_;
  std::string last_id_;
  bool has_data_ = false;
  bool is_too_large_ = false;  // The event under way is dropped.
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_CLIENT_EVENT_PARSER_H_
