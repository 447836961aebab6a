#include "parley/client/client.hpp"

#include "parley/client/client_core.hpp"
#include "parley/conversation/own_id.hpp"
#include "parley/ends/address.hpp"
#include "parley/stub/send.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace parley {
namespace {

bool is_authorization(std::string_view header) noexcept {
  constexpr std::string_view name = "authorization";
  return std::equal(header.begin(), header.end(), name.begin(), name.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

void check_credentials(const std::vector<std::string>& urls, const client_options& options) {
  for (const std::string& url : urls)
    if (!options.credentials_on_plain_text && !is_confidential(url, options.loopback))
      throw std::invalid_argument("credentials would travel in plain text: begin the url with wss://, or set credentials_on_plain_text");
  if (std::any_of(options.headers.begin(), options.headers.end(), [](const auto& header) { return is_authorization(header.first); }))
    throw std::invalid_argument("credentials are set, and an Authorization header too: use one of them");
}

std::vector<std::string> checked(std::string_view url, client_options& options) {
  std::vector<std::string> sound{checked_url(url, options.loopback, options.proxy)};
  for (const std::string& one : options.more_urls) sound.push_back(checked_url(one, options.loopback, options.proxy));
  options.more_urls.clear();
  if (options.dialect.format && options.dialect.format->has_session()) throw std::invalid_argument("a dialect has no session of its own");
  if (!options.dialect.format && !options.greeting.empty()) throw std::invalid_argument("a greeting needs a dialect");
  if (options.credentials) check_credentials(sound, options);
  return sound;
}

}  // namespace

// The thread holds the core, and with it the loop, until the connection is closed.
client::client(std::string_view url, client_options options) : calls_{} {
  auto loop = std::make_shared<own_loop>(options.log);
  std::vector<std::string> urls = checked(url, options);
  client_ = std::make_shared<client_core>(std::move(urls), std::move(options), home(loop));
  core_ = client_;
  client_->run_on_own_thread(std::move(loop));
}

client::client(asio::any_io_executor executor, std::string_view url) : client(std::move(executor), url, client_options{}) {}

client::client(asio::any_io_executor executor, std::string_view url, client_options options) : calls_{} {
  std::vector<std::string> urls = checked(url, options);
  client_ = std::make_shared<client_core>(std::move(urls), std::move(options), home(std::move(executor)));
  core_ = client_;
}

client::~client() {
  close();
  client_->join();
}

void client::close() { client_->close(); }
void client::connect() { async_connect(block); }
bool client::connected() const noexcept { return client_->connected(); }
link_status client::status() const { return client_->status(); }
void client::reconnect_now() { client_->reconnect_now(); }
std::string client::id() const { return client_->id(); }
outgoing client::no_request() { return {}; }
outgoing client::own_id_request(call_options options) { return {.what = &own_id_question, .options = options}; }
std::string client::learn_id(call_options options) {
  std::string id;
  wait_for_answer(*this, own_id_request(options), &id);
  return id;
}
asio::any_io_executor client::executor() const { return core_->runs_on().executor; }
void client::on_disconnected(std::function<void(const error&)> handler) { client_->on_disconnected(std::move(handler)); }
void client::on_status(std::function<void(const link_status&)> handler) { client_->on_status(std::move(handler)); }
void client::on_error(std::function<void(const error&, std::string_view)> handler) { client_->on_error(std::move(handler)); }
client::operator endpoint() const { return {core_, calls_}; }

}  // namespace parley
