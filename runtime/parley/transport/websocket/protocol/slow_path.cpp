#include "parley/transport/websocket/protocol/slow_path.hpp"

#include "parley/transport/text.hpp"
#include "parley/transport/websocket/protocol/policy.hpp"

namespace parley::transport {
namespace {

using processor = websocketpp::processor::hybi13<policy::config>;
using message_ptr = processor::message_ptr;
namespace code = websocketpp::frame::opcode;

std::string frame_of(const message_ptr& message) { return message->get_header() + message->get_payload(); }

}  // namespace

struct slow_path::inner {
  inner(std::size_t max_message, unpredictable* masks)
      : messages(std::make_shared<policy::config::con_msg_manager_type>()),
        // A server's frames have no masks. The processor still keeps a reference to a source of
        // masks and never uses it.
        own_masks(masks ? nullptr : std::make_unique<unpredictable>()),
        frames(false, masks == nullptr, messages, masks ? *masks : *own_masks) {
    // websocketpp determines the byte order on first use and stores it in a static variable without
    // a lock. This call does it once, before two loops can do it at the same time.
    [[maybe_unused]] static const std::uint64_t byte_order_is_known = websocketpp::lib::net::_htonll(1);
    frames.set_max_message_size(max_message);
  }

  void found(const message_ptr& message, finder& to);

  const std::shared_ptr<policy::config::con_msg_manager_type> messages;
  const std::unique_ptr<unpredictable> own_masks;
  processor frames;
};

slow_path::slow_path(std::size_t max_message, unpredictable* masks) : inner_(std::make_unique<inner>(max_message, masks)) {}
slow_path::~slow_path() = default;

void slow_path::feed(std::span<char> bytes, finder& to) {
  while (!bytes.empty()) {
    std::error_code wrong;
    const std::size_t used = inner_->frames.consume(reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size(), wrong);
    bytes = bytes.subspan(used);
    if (wrong) return to.on_violation({websocketpp::processor::error::to_ws(wrong), wrong.message()});
    if (inner_->frames.ready()) inner_->found(inner_->frames.get_message(), to);
  }
}

void slow_path::inner::found(const message_ptr& message, finder& to) {
  const std::string& payload = message->get_payload();
  std::error_code wrong;
  switch (message->get_opcode()) {
    case code::ping:
      return to.on_ping(payload);
    case code::pong:
      return to.on_pong();
    case code::close: {
      close_reason said{websocketpp::close::extract_code(payload, wrong), {}};
      if (wrong) return to.on_violation({close_code::protocol_error, "Invalid close code"});
      said.text = websocketpp::close::extract_reason(payload, wrong);
      if (wrong) return to.on_violation({close_code::protocol_error, "Invalid close reason"});
      return to.on_close(std::move(said));
    }
    case code::text:
      // websocketpp reports this for a single frame, but not at the end of a fragmented message.
      if (!ends_whole(payload)) return to.on_violation({close_code::invalid_text, "a character is incomplete"});
      return to.on_data(payload, opcode::text);
    default:
      return to.on_data(payload, opcode::binary);
  }
}

std::string slow_path::ping() {
  const message_ptr out = inner_->messages->get_message();
  inner_->frames.prepare_ping({}, out);
  return frame_of(out);
}

std::string slow_path::pong(std::string_view payload) {
  const message_ptr out = inner_->messages->get_message();
  inner_->frames.prepare_pong(std::string(payload), out);
  return frame_of(out);
}

std::string slow_path::close(const close_reason& why) {
  const message_ptr out = inner_->messages->get_message();
  inner_->frames.prepare_close(why.code, why.text, out);
  return frame_of(out);
}

}  // namespace parley::transport
