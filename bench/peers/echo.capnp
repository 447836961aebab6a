@0xd06ec3b4a9f1527e;
# The message of bench/v1/kinds.proto, and a call that answers with it.

struct Sample {
  sequence @0 :UInt64;
  value @1 :Float64;
  data @2 :Data;
}

interface Echo {
  call @0 (sample :Sample) -> (sample :Sample);
}
