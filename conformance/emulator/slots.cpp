// slots.cu on the CPU, and its definition in plain loops over doubles: `slots.h` is made from it by emulate_slots.py. Static
// shared memory, as blocks run one by one.
#include "tiles.h"

#undef __shared__
#define __shared__ static
#include "slots.h"

#include <random>

PROBLEM_KERNELS
static void blocks(Index grid, int threads, void (*kernel)()) {
    gridDim = grid;
    for (block.z = 0; block.z < grid.z; block.z++) {
        for (block.y = 0; block.y < grid.y; block.y++) {
            for (block.x = 0; block.x < grid.x; block.x++) {
                for (auto& own : copies) own.clear();
                emulator::launch(1, threads, kernel);
            }
        }
    }
}
#define KERNEL(name) [] { blockIdx = block, slots_##name(*problem); }

typedef std::vector<double> Row;
static float wide(bf16 x) { return lz::whole(x); }

struct Settings {
    int batch, heads, keyHeads, tokens, window, first, slots, ties, sink, rounds, beside;
};

/** What the kernels read and write, with rows of q, k and v side by side. */
struct Case {
    Settings s;
    int B, H, G, T, E, N, places, room;
    std::vector<bf16> x, dy, turnedQ, turnedK, oldK, oldV, y, dq, dk, dv, shared;
    std::vector<float> scores, cosine, sine, sinks, lse, delta, slopeK, slopeV, most;
    std::vector<int> until, lengths, order;
    std::vector<Entry> lists;
    Problem p{};

    explicit Case(const Settings& s) : s(s), B(s.batch), H(s.heads), G(s.keyHeads), T(s.tokens) {
        E = (H + 2 * G) * D, N = (T + ROWS - 1) / ROWS, room = ((T + 63) / 64 + CLASSES) * 64;
        places = (min(s.first + s.slots + ROWS - 1, T) + 63) / 64 * 64;
        std::mt19937 random(5);
        std::normal_distribution<float> normal;
        const size_t q = (size_t)B * H * T, g = (size_t)B * G * T;
        x.resize((size_t)B * T * E), dy.resize(q * D), scores.resize(g), sinks.resize(H);
        for (auto& a : x) a = lz::half(1.3f * normal(random));
        for (auto& a : dy) a = lz::half(normal(random));
        for (auto& a : scores) a = s.ties ? floorf(2 * normal(random)) : normal(random);
        for (auto& a : sinks) a = 1 + normal(random);
        for (int t = 0; t < T; t++) {
            for (int i = 0; i < D / 2; i++) {
                double angle = t * pow(10000, -2. * i / D);
                cosine.push_back(cos(angle)), sine.push_back(sin(angle));
            }
        }
        const bf16 unset = 0x7fff;
        for (auto* a : {&turnedQ, &y, &dq}) a->assign(q * D, unset);
        for (auto* a : {&turnedK, &oldK, &oldV, &dk, &dv}) a->assign(g * D, unset);
        lse.assign(q, NAN), delta.assign(q, NAN), most.assign(g, NAN), slopeK.assign(g * D, NAN), slopeV.assign(g * D, NAN);
        until.assign(g, -7), lengths.assign((size_t)B * G * N * 2, -7), order.assign((size_t)B * G * room, -7);
        lists.assign((size_t)B * G * N * places, Entry{-9, -9});
        p.q = x.data(), p.k = x.data() + H * D, p.v = x.data() + (H + G) * D, p.dy = dy.data();
        p.cosine = cosine.data(), p.sine = sine.data(), p.sink = s.sink ? sinks.data() : nullptr;
        p.scores = s.slots ? scores.data() : nullptr;
        p.turnedQ = turnedQ.data(), p.turnedK = turnedK.data(), p.oldK = oldK.data(), p.oldV = oldV.data(), p.y = y.data();
        p.lse = lse.data(), p.delta = delta.data(), p.until = until.data(), p.lists = lists.data();
        p.lengths = lengths.data(), p.order = order.data(), p.slopeK = slopeK.data(), p.slopeV = slopeV.data();
        p.dq = dq.data(), p.dk = dk.data(), p.dv = dv.data(), p.most = most.data();
        p.sq = p.sk = p.sv = {(i64)T * E, E, D}, p.sdy = {(i64)T * H * D, H * D, D};
        p.batch = B, p.tokens = T, p.heads = H, p.keyHeads = G, p.window = s.window, p.first = s.first, p.slots = s.slots;
        p.places = places, p.angles = D / 2, p.rounds = s.rounds;
        if (s.beside) {
            p.beside = E + s.beside, shared.resize((size_t)B * T * p.beside);
            p.dq = shared.data(), p.dk = p.dq + H * D, p.dv = p.dk + G * D;
        }
    }

    void run() {
        auto grid = [this](int x, int y) { return Index{(unsigned)x, (unsigned)y, (unsigned)B}; };
        problem = &p;
        blocks(grid((T + THREADS - 1) / THREADS, G), THREADS, KERNEL(until));
        blocks(grid(N, G), WIDE, KERNEL(lists));
        blocks(grid(CLASSES, G), WIDE, KERNEL(order));
        blocks({(unsigned)((B * T * (H + G) + 7) / 8), 1, 1}, WIDE, KERNEL(prepare));
        blocks(grid(N, H), WIDE, KERNEL(forward));
        blocks(grid(N, H), WIDE, KERNEL(queries));
        blocks(grid((T + 63) / 64 + CLASSES, G), THREADS, KERNEL(old_keys));
        blocks(grid((T + 63) / 64, G), THREADS, KERNEL(near_keys));
        for (int row = 0; s.beside && row < B * T; row++) {
            const bf16* from = &shared[(size_t)row * p.beside];
            std::copy(from, from + H * D, &dq[(size_t)row * H * D]);
            std::copy(from + H * D, from + (H + G) * D, &dk[(size_t)row * G * D]);
            std::copy(from + (H + G) * D, from + E, &dv[(size_t)row * G * D]);
        }
    }

    /** Of all tokens, into lse and most. */
    void columns() {
        p.window = T, p.sink = nullptr, p.lists = nullptr;
        blocks({(unsigned)N, (unsigned)H, (unsigned)B}, WIDE, KERNEL(forward));
        p.window = s.window;
        blocks({(unsigned)(T + 63) / 64, (unsigned)G, (unsigned)B}, THREADS, KERNEL(columns));
    }
};

/** The definition. */
struct Twin {
    const Case& c;
    std::vector<int> until;
    Row y, dq, dk, dv, most;

    explicit Twin(const Case& c) : c(c) {
        y.resize(c.y.size()), dq.resize(c.y.size()), dk.resize(c.dk.size()), dv.resize(c.dk.size());
        most.resize(c.most.size());
        for (int b = 0; b < c.B; b++) {
            for (int g = 0; g < c.G; g++) head(b, g);
        }
    }

    Row raw(int b, int t, int head) const {
        Row row(D);
        for (int i = 0; i < D; i++) row[i] = wide(c.x[((size_t)b * c.T + t) * c.E + head * D + i]);
        return row;
    }
    void turn(double* row, int t, int sign) const {
        for (int i = 0; i < D / 2; i++) {
            double u = c.cosine[t * D / 2 + i], w = sign * c.sine[t * D / 2 + i], a = row[i], b = row[i + D / 2];
            row[i] = a * u - b * w, row[i + D / 2] = b * u + a * w;
        }
    }
    static void round(Row& row) {
        float top = 1e-30f;
        for (double a : row) top = max(top, (float)fabs(a));
        float scale = top * (float)(1 / 127.);
        for (double& a : row) a = min(127.f, max(-127.f, rintf((float)a / scale))) * scale;
    }
    static double dot(const Row& a, const double* b) {
        double sum = 0;
        for (int i = 0; i < D; i++) sum += a[i] * b[i];
        return sum;
    }

    int end(int row, int j) const {
        const Settings& s = c.s;
        if (j < s.first || j >= c.T - s.window) return c.T;
        if (s.slots == 0) return j + s.window;
        const float* r = &c.scores[(size_t)row * c.T];
        for (int i = s.first, better = 0; i < c.T - s.window; i++) {
            better += r[i] > r[j] || (r[i] == r[j] && i > j);
            if (better >= s.slots) return max(i, j) + s.window;
        }
        return c.T;
    }

    void head(int b, int g) {
        const int T = c.T, w = c.s.window, row = b * c.G + g;
        std::vector<Row> keys[2], values[2];
        for (int j = 0; j < T; j++) {
            until.push_back(end(row, j));
            for (int old = 0; old < 2; old++) {
                Row k = raw(b, j, c.H + g), v = raw(b, j, c.H + c.G + g);
                if (old && c.s.rounds && j >= c.s.first) round(k), round(v);
                turn(k.data(), j, 1);
                keys[old].push_back(k), values[old].push_back(v);
            }
        }
        for (int h = g * (c.H / c.G); h < (g + 1) * (c.H / c.G); h++) {
            for (int t = 0; t < T; t++) {
                Row q = raw(b, t, h);
                turn(q.data(), t, 1);
                double sink = c.s.sink ? exp(c.sinks[h]) : 0, mass = sink, all = 0;
                Row p(t + 1), full(t + 1);
                for (int j = 0; j <= t; j++) {
                    int old = t - j >= w;
                    if (!old || t < until[(size_t)row * T + j]) mass += p[j] = exp(dot(q, keys[old][j].data()) / sqrt(D));
                    all += full[j] = exp(dot(q, keys[0][j].data()) / sqrt(D));
                }
                const size_t at = (((size_t)b * T + t) * c.H + h) * D;
                Row dy(D);
                for (int i = 0; i < D; i++) dy[i] = wide(c.dy[at + i]);
                for (int j = 0; j <= t; j++) {
                    for (int i = 0; i < D; i++) y[at + i] += p[j] / mass * values[t - j >= w][j][i];
                    double& best = most[(size_t)row * T + j];
                    if (t - j >= w) best = max(best, full[j] / all);
                }
                const double delta = dot(dy, &y[at]);
                for (int j = 0; j <= t; j++) {
                    const int old = t - j >= w;
                    const double share = p[j] / mass, ds = share * (dot(dy, values[old][j].data()) - delta) / sqrt(D);
                    const size_t key = (((size_t)b * T + j) * c.G + g) * D;
                    for (int i = 0; i < D; i++) {
                        dq[at + i] += ds * keys[old][j][i], dk[key + i] += ds * q[i], dv[key + i] += share * dy[i];
                    }
                }
                turn(&dq[at], t, -1);
            }
        }
        for (int j = 0; j < T; j++) turn(&dk[(((size_t)b * T + j) * c.G + g) * D], j, -1);
    }

    /** How many lists or orders are not what they should be. */
    int wrongLists() const {
        int wrong = 0;
        for (int row = 0; row < c.B * c.G; row++) {
            const int* end = &until[(size_t)row * c.T];
            for (int n = 0; n < c.N; n++) {
                const int start = n * ROWS, last = min(start + ROWS, c.T) - 1, length = c.lengths[2 * (row * c.N + n) + 1];
                std::vector<int> expected, found;
                for (int j = 0; j <= last - c.s.window; j++) {
                    if (end[j] > max(start, j + c.s.window)) expected.push_back(j);
                }
                for (int i = 0; i < min(length, c.places); i++) {
                    found.push_back(c.lists[(size_t)(row * c.N + n) * c.places + i].key);
                }
                std::sort(found.begin(), found.end());
                wrong += found != expected || length > c.places;
            }
            std::vector<int> seen(c.T);
            for (int i = 0; i < c.room; i++) {
                int j = c.order[(size_t)row * c.room + i];
                wrong += j < -1;
                if (j >= 0) seen[j]++;
            }
            for (int j = 0; j < c.T; j++) wrong += seen[j] != (end[j] > j + c.s.window);
        }
        return wrong;
    }
};

/** |x - reference| / |reference|, 0 for two that are all 0. */
template <class T>
static double ratio(const std::vector<T>& x, const Row& reference, float (*value)(T)) {
    double error = 0, size = 0;
    for (size_t i = 0; i < reference.size(); i++) {
        double d = value(x[i]) - reference[i];
        error += d * d, size += reference[i] * reference[i];
    }
    return error == 0 ? 0 : sqrt(error / size);
}

/** Errors of y, dq, dk, dv and most; how many times, and how many lists, are wrong. */
extern "C" void check(const Settings* settings, unsigned seed, double* errors) {
    emulator::seed = seed;
    Case c(*settings);
    c.run();
    Twin twin(c);
    errors[0] = ratio<bf16>(c.y, twin.y, wide), errors[1] = ratio<bf16>(c.dq, twin.dq, wide);
    errors[2] = ratio<bf16>(c.dk, twin.dk, wide), errors[3] = ratio<bf16>(c.dv, twin.dv, wide);
    errors[5] = 0;
    for (size_t i = 0; i < twin.until.size(); i++) errors[5] += c.until[i] != twin.until[i];
    errors[6] = twin.wrongLists();
    c.columns();
    errors[4] = ratio<float>(c.most, twin.most, [](float x) { return x; });
}
