#include "parley/stub/peer.hpp"

#include "parley/conversation/conversation.hpp"

namespace parley {

const std::string& peer::id() const noexcept { return with_.session().client_id(); }
std::string peer::remote() const {
  const conversation_io* const over = with_.connection();
  return over ? over->remote() : std::string();
}
std::string_view peer::subprotocol() const noexcept {
  const auto& format = with_.session().format();
  if (!format.has_session()) return {};
  return format.binary() ? wire::fbs_subprotocol : wire::json_subprotocol;
}
const loop_executor& peer::runs_on() const noexcept { return with_.executor(); }
void peer::close(std::string_view text) { with_.close(session::close_code::removed, text); }

}  // namespace parley
