#include "parley/c/wsclient/chat_connection.hpp"
#include "parley/c/wsclient/json_tree.hpp"
#include "parley/dialects/wschat_reader.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <ctime>
#include <exception>
#include <utility>

// The layout of the original. Programs that were compiled against it access the last member
// directly.
static_assert(sizeof(wsClient) == 72 && offsetof(wsClient, username) == 40 && offsetof(wsClient, onMessageCallback) == 56 &&
              offsetof(wsClient, sendMessagefromTerminal) == 64);

using parley::wsclient::chat_connection;
using tree = parley::wsclient::json_tree;

namespace {

using shared = std::shared_ptr<chat_connection>;

// Marks a handle that wsInitClient has filled in. A handle without it was never connected, or is
// not connected any more.
constexpr std::uint32_t alive = 0x50'41'52'4CU;

// Handles are memory of the program. The guard is held for a few instructions, to copy a pointer.
class locked {
 public:
  explicit locked(wsClient& client) : guard_(client.guard) {
    while (guard_.exchange(1, std::memory_order_acquire) != 0) guard_.wait(1, std::memory_order_relaxed);
  }
  ~locked() {
    guard_.store(0, std::memory_order_release);
    guard_.notify_one();
  }
  locked(const locked&) = delete;
  locked& operator=(const locked&) = delete;

 private:
  std::atomic_ref<std::uint32_t> guard_;
};

// Checked first, without the guard, which has any value before wsInitClient.
bool is_live(wsClient& client) { return std::atomic_ref(client.live).load(std::memory_order_acquire) == alive; }
void set_live(wsClient& client, std::uint32_t live) { std::atomic_ref(client.live).store(live, std::memory_order_release); }

shared connection_of(wsClient* client) {
  if (!client || !is_live(*client)) return nullptr;
  const locked lock(*client);
  return is_live(*client) ? *static_cast<shared*>(client->connection) : nullptr;
}

// Takes the connection out of the handle and ends it for all users.
shared take(wsClient& client) {
  if (!is_live(client)) return nullptr;
  const locked lock(client);
  if (!is_live(client)) return nullptr;
  set_live(client, 0);
  client.username = nullptr;
  const std::unique_ptr<shared> held(static_cast<shared*>(std::exchange(client.connection, nullptr)));
  return std::move(*held);
}

template <class F>
std::int32_t guarded(F f) noexcept {
  try {
    return f() ? WS_OK : WS_ERROR;
  } catch (const std::exception&) { return WS_ERROR; }
}

// The family's frames are not always valid JSON. Reads the parts of a chat message from them.
tree read_tolerantly(const std::string& message) {
  constexpr std::size_t max_depth = 64;
  parley::wschat::line_read said;
  if (!parley::wschat::read_line(message, max_depth, said)) return nullptr;
  tree root(wsJsonInitChild(nullptr));
  const auto branch = [&](const char* key) {
    wsJson* made = wsJsonInitChild(key);
    wsJsonAddField(root.get(), made);
    return made;
  };
  if (said.name) wsJsonAddField(branch("user"), wsJsonInitString("name", said.name->c_str()));
  if (!said.has_message) return root;
  wsJson* const body = branch("message");
  if (said.text) wsJsonAddField(body, wsJsonInitString("text", said.text->c_str()));
  if (said.text_len) wsJsonAddField(body, wsJsonInitNumber("text_len", *said.text_len));
  if (said.info) wsJsonAddField(body, wsJsonInitNumber("info", *said.info));
  return root;
}

bool send_tree(chat_connection& to, wsJson& what) {
  std::array<char, 64 * 1024> text{};
  const std::int32_t length = wsJsonToString(&what, text.data(), text.size());
  return length != WS_ERROR && to.send(std::string(text.data(), static_cast<std::size_t>(length)));
}

bool say(chat_connection& to, const std::string& name, const std::string& text, int info) {
  const tree root(wsJsonInitChild(nullptr));
  const auto branch = [&](const char* key) {
    wsJson* made = wsJsonInitChild(key);
    if (root) wsJsonAddField(root.get(), made);
    return made;
  };
  wsJsonAddField(branch("user"), wsJsonInitString("name", name.c_str()));
  wsJson* message = branch("message");
  wsJsonAddField(message, wsJsonInitString("text", text.c_str()));
  wsJsonAddField(message, wsJsonInitNumber("text_len", static_cast<double>(text.size())));
  wsJsonAddField(message, wsJsonInitNumber("info", info));
  return root && send_tree(to, *root);
}

bool change_name(wsClient& client, const shared& connection, const char* username) {
  const char* kept = connection->keep_name(username);
  {
    const locked lock(client);
    if (is_live(client)) client.username = kept;
  }
  return say(*connection, username, "null", WS_NO_BROADCAST | WS_CHANGE_USERNAME);
}

void hand_over(wsClient* client, const std::string& message) {
  wsOnMessageCallbackPFN callback{};
  int32_t type = WS_MESSAGE_CALLBACK_JSON;
  {
    const locked lock(*client);  // the handle may be deinitialised, but its members still exist
    callback = client->onMessageCallback;
    type = client->onMessageCallbackType;
  }
  if (type == WS_MESSAGE_CALLBACK_RAW) {
    if (callback.raw) callback.raw(client, std::time(nullptr), message.c_str());
    return;
  }
  const char* text = message.c_str();
  tree root(wsStringToJson(&text));
  if (!root) root = read_tolerantly(message);
  if (root && callback.json) callback.json(client, std::time(nullptr), root.get());
}

// Returns false if the standard input has ended.
bool send_line(chat_connection& to) {
  std::array<char, 256> line{};
  const ssize_t length = ::read(STDIN_FILENO, line.data(), line.size() - 1);
  if (length <= 0) return false;
  std::string text(line.data(), static_cast<std::size_t>(length));
  if (text.back() == '\n') text.pop_back();
  return say(to, to.name(), text, 0);
}

}  // namespace

int32_t wsInitClient(wsClient* client, const char* ip, const char* port, const char* username) {
  if (!client || !ip || !port) return WS_ERROR;
  return guarded([&] {
    auto connection = std::make_shared<chat_connection>(ip, port);
    take(*client);  // if the program connects again without wsDeinitClient
    // Nothing else uses the handle yet. Its members may have any value.
    client->guard = 0;
    client->connection = new shared(connection);
    client->username = connection->keep_name("Anonym");
    client->sendMessagefromTerminal = false;
    set_live(*client, alive);
    if (username) change_name(*client, connection, username);
    return true;
  });
}

int32_t wsDeinitClient(wsClient* client) {
  if (!client) return WS_ERROR;
  return guarded([&] {
    const shared connection = take(*client);
    if (connection) connection->end();
    return connection != nullptr;
  });
}

int32_t wsSendMessage(wsClient* client, const char* message) {
  if (!message) return WS_ERROR;
  return guarded([&] {
    const shared connection = connection_of(client);
    return connection && connection->send(message);
  });
}

int32_t wsSendMessageN(wsClient* client, const char* message, size_t n) {
  if (!message) return WS_ERROR;
  return guarded([&] {
    const shared connection = connection_of(client);
    return connection && connection->send(std::string(message, ::strnlen(message, n)));
  });
}

int32_t wsSendJson(wsClient* client, wsJson* obj) {
  if (!obj) return WS_ERROR;
  return guarded([&] {
    const shared connection = connection_of(client);
    return connection && send_tree(*connection, *obj);
  });
}

int32_t wsChangeUsername(wsClient* client, const char* username) {
  if (!username) return WS_ERROR;
  return guarded([&] {
    const shared connection = connection_of(client);
    return connection && change_name(*client, connection, username);
  });
}

int32_t wsSetOnMessageCallback(wsClient* client, wsOnMessageCallbackPFN functionPtr, int32_t type) {
  if (!client || (type != WS_MESSAGE_CALLBACK_JSON && type != WS_MESSAGE_CALLBACK_RAW)) return WS_ERROR;
  const auto set = [&] {
    client->onMessageCallback = functionPtr;
    client->onMessageCallbackType = type;
  };
  if (!is_live(*client)) {
    set();
    return WS_OK;
  }
  const locked lock(*client);
  set();
  return WS_OK;
}

int32_t wsClientListen(wsClient* client) {
  return guarded([&] {
    const shared connection = connection_of(client);
    if (!connection) return false;
    std::string message;
    switch (connection->wait(std::chrono::seconds(50), client->sendMessagefromTerminal, message)) {
      case chat_connection::woken::message:
        hand_over(client, message);
        return true;
      case chat_connection::woken::line:
        if (!send_line(*connection)) client->sendMessagefromTerminal = false;
        return true;
      case chat_connection::woken::nothing:
        return true;
      case chat_connection::woken::over:
        break;
    }
    return false;
  });
}
