// mode=round-trips|pipeline script=unary|bidi port=P server=PID [size connections in_flight warm_up
// seconds]: gRPC's own client, with a channel for each connection.
#include "support/arguments.hpp"
#include "support/figures.hpp"
#include "support/report.hpp"

#include "echo.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using bench::peer::Echo;
using bench::peer::Sample;

std::atomic<std::uint64_t> answers{0};

Sample sample_of(std::size_t size) {
  Sample sample;
  sample.set_sequence(0x1122334455667788);
  sample.set_value(0.1);
  sample.set_data(std::string(size - 16, 'x'));
  return sample;
}

// Keeps messages in flight on one stream. The interface permits one write at a time, and reads in
// parallel.
class stream final : public grpc::ClientBidiReactor<Sample, Sample> {
 public:
  stream(Echo::Stub& stub, const Sample& what, int in_flight) : out_(what), credit_(in_flight - 1) {
    stub.async()->Bidi(&context_, this);
    StartRead(&in_);
    StartWrite(&out_, grpc::WriteOptions().set_buffer_hint());
    AddHold();
    StartCall();
  }
  void OnWriteDone(bool good) override {
    writing_ = false;
    if (good) pump();
  }
  void OnReadDone(bool good) override {
    if (!good) return;
    answers.fetch_add(1, std::memory_order_relaxed);
    ++credit_;
    StartRead(&in_);
    pump();
  }
  void OnDone(const grpc::Status&) override {}

 private:
  void pump() {
    while (credit_ > 0) {
      bool free = false;
      if (!writing_.compare_exchange_strong(free, true)) return;
      const int left = credit_--;
      if (left <= 0) {
        ++credit_;
        writing_ = false;
        continue;
      }
      // If more messages follow, this one need not be sent at once.
      StartWrite(&out_, left > 1 ? grpc::WriteOptions().set_buffer_hint() : grpc::WriteOptions());
      return;
    }
  }

  grpc::ClientContext context_;
  Sample out_;
  Sample in_;
  std::atomic<int> credit_;
  std::atomic<bool> writing_{true};
};

// Makes one call after the other. There is one of these for each call in flight.
class caller {
 public:
  caller(Echo::Stub& stub, const Sample& what) : stub_(stub), out_(what) { call(); }

 private:
  void call() {
    context_ = std::make_unique<grpc::ClientContext>();
    stub_.async()->Unary(context_.get(), &out_, &in_, [this](const grpc::Status& status) {
      if (!status.ok()) return;
      answers.fetch_add(1, std::memory_order_relaxed);
      call();
    });
  }

  Echo::Stub& stub_;
  Sample out_;
  Sample in_;
  std::unique_ptr<grpc::ClientContext> context_;
};

std::unique_ptr<Echo::Stub> connect(const std::string& where) {
  grpc::ChannelArguments options;
  options.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // each channel has its own connection
  options.SetMaxReceiveMessageSize(1 << 26);
  const auto channel = grpc::CreateCustomChannel(where, grpc::InsecureChannelCredentials(), options);
  if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10))) bench::fail("not connected");
  return Echo::NewStub(channel);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  const int server = static_cast<int>(given.count("server", 0));
  const double warm_up = given.seconds("warm_up", 0.25);
  const double seconds = given.seconds("seconds", 0.5);
  const Sample sample = sample_of(given.count("size", 64));
  std::vector<std::unique_ptr<Echo::Stub>> stubs;
  for (std::size_t i = 0; i < given.count("connections", 1); ++i) stubs.push_back(connect("127.0.0.1:" + given.text("port")));

  if (given.text("mode") == "round-trips") {
    bench::time_round_trips(server, warm_up, seconds, [&] {
      grpc::ClientContext context;
      Sample answer;
      if (!stubs[0]->Unary(&context, sample, &answer).ok() || answer.data() != sample.data()) bench::fail("no answer, or another one");
    });
  } else {
    const int in_flight = static_cast<int>(given.count("in_flight", 64));
    for (auto& stub : stubs) {
      if (given.text("script") == "bidi") {
        new stream(*stub, sample, in_flight);
      } else {
        for (int i = 0; i < in_flight; ++i) new caller(*stub, sample);
      }
    }
    bench::time_throughput(server, warm_up, seconds, answers,
                           [](double time) { std::this_thread::sleep_for(std::chrono::duration<double>(time)); });
  }
  // gRPC's threads are still making calls, and nothing has to be cleaned up.
  _exit(0);
}
