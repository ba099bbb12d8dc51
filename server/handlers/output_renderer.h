// Renders the output of a process as server-sent events, and the ids of events.

#ifndef TALLYMAN_SERVER_HANDLERS_OUTPUT_RENDERER_H_
#define TALLYMAN_SERVER_HANDLERS_OUTPUT_RENDERER_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "api/redaction/redaction.h"
#include "stacks/output/output_line.h"

namespace tallyman::server {

// The id of an event, for the header Last-Event-ID.
std::string FormatEventId(const stacks::OutputMark& mark);

// nullopt if FormatEventId() did not make `id`.
std::optional<stacks::OutputMark> ParseEventId(std::string_view id);

class OutputRenderer final : public stacks::OutputRenderer {
 public:
  // `server` is the name of this machine. `redactor` must outlive the renderer.
  OutputRenderer(std::string process, std::string server,
                 const api::Redactor& redactor)
      : process_(std::move(process)),
        server_(std::move(server)),
        redactor_(redactor) {}

  void Line(const stacks::OutputLine& line, std::string& out) const override;
  void Gap(const stacks::OutputGap& gap, std::string& out) const override;
  void Mark(const stacks::OutputMark& mark, std::string& out) const override;
  void KeepAlive(std::string& out) const override;
  void End(std::string& out) const override;

 private:
  const std::string process_;
  const std::string server_;
  const api::Redactor& redactor_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HANDLERS_OUTPUT_RENDERER_H_
