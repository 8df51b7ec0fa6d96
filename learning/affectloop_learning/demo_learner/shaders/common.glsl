// Shared by all: how the head turns on the neck, where the light's shadow falls.
uniform mat4 view_projection;
uniform mat4 light_projection;
uniform mat3 turns[4]; // of the head at a third, two thirds and all of its turn; the first is the chest's
uniform vec3 pivot;    // where the neck bends
uniform vec3 shift;    // of the whole body

float headward(vec3 rest) { return smoothstep(-1.95, -1.0, rest.y + 0.3 * rest.z); }

mat3 turn_at(float share) {
    float place = share * 3.0;
    int lower = min(int(place), 2);
    mat3 mixed = turns[lower] * (1.0 - (place - float(lower))) + turns[lower + 1] * (place - float(lower));
    return mat3(normalize(mixed[0]), normalize(mixed[1]), normalize(mixed[2]));
}
