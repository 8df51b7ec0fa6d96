in vec3 centre;
in vec3 along;
in vec4 strand; // side (-1 or 1), place from root to tip, random number, half width
uniform vec3 hair;
out vec3 light;
out float side;

float sheen(vec3 tangent, vec3 from, vec3 view, float power) {
    float share = dot(tangent, normalize(from + view));
    return pow(sqrt(max(1.0 - share * share, 0.0)), power);
}

float fall(vec3 tangent, vec3 from) {
    float share = dot(tangent, from);
    return sqrt(max(1.0 - share * share, 0.0));
}

void main() { // Light on hair: Kajiya & Kay, SIGGRAPH 1989; by vertex, since strands are thin and lie over each other
    mat3 turn = turn_at(1.0);
    vec3 world = turn * (centre - pivot) + pivot + shift;
    vec3 tangent = normalize(turn * along), view = normalize(eye - world);
    vec3 across = normalize(cross(tangent, view));
    float key = texture(shadows, in_shadows(light_projection * vec4(world, 1.0), 0.006));
    vec3 own = hair * (0.70 + 0.60 * strand.z) * (0.50 + 0.50 * smoothstep(0.0, 0.35, strand.y)) * (1.0 + 0.45 * strand.y);
    light = own * (AMBIENT * 0.75 + KEY * key * 0.8 * fall(tangent, key_from) + FILL * 0.6 * fall(tangent, FILL_FROM) + RIM * 0.8 * fall(tangent, RIM_FROM));
    light += (0.075 * KEY * key * sheen(tangent, key_from, view, 60.0) + 0.03 * RIM * sheen(tangent, RIM_FROM, view, 30.0)) * (0.3 + 0.7 * strand.z) * vec3(1.0, 0.84, 0.66);
    side = strand.x;
    gl_Position = view_projection * vec4(world + across * strand.x * strand.w * (1.0 - 0.75 * strand.y * strand.y), 1.0);
}
